/// What `--help` and `--version` print, on standard output.
package enum HelpText {
    package static let version = "switchman 2.0.0"

    package static let help = """
        usage: switchman [OPTIONS] [--] COMMAND [ARG...]

        Runs COMMAND under a lock that the whole fleet shares, kept in ZooKeeper: never
        twice at once. If somebody else holds it: nothing is run, nothing is printed.

        \(Option.groups.map(\.helpEntry).joined(separator: "\n"))
        TIME is a number with s, m, h or d (seconds without), or forever.
        Options end at the first word that is none: COMMAND's own are passed on.

        In a crontab, the same on every host:
          */5 * * * *  switchman --once-per 5m -- report
          0 3 * * *    switchman --once-per day --retry-failed --wait 8h -- backup

        Exit codes: COMMAND's own (ran); 128+N if it died of signal N (signaled);
          0    skipped: locked, queued, not-in-group, too-soon, already-run, not-ready,
               paused
          64   usage                     79   group-exit: stopped, host left group
          65   bad-data in ZooKeeper     80   released: an operator stopped it
          69   unavailable: ZooKeeper    81   lost: ownership; COMMAND was killed
          71   os-error                  124  timeout
          75   no-permits in time        126  not-executable
          77   denied by ZooKeeper       127  not-found
          78   bad-config

        """
}
