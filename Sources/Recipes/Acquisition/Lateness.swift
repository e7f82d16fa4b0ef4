/// Whether a deadline of our own patience was missed by ourselves: stopped, suspended or not scheduled for a while, a process
/// finds the deadline passed and what it waited for behind it.
package enum Lateness {
    /// More than a timer is late by when the machine has the time to run us.
    package static let tolerated = Duration.milliseconds(50)
    /// Added then, for what was waited for to arrive.
    package static let secondChance = Duration.milliseconds(250)
}
