/// What becomes of processes that outlive the command.
package enum Descendants: Sendable { case wait, kill, leave }
