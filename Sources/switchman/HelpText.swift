/// What `--help` and `--version` print, on standard output.
enum HelpText {
    static let version = "switchman 2.0.0"

    static let help = """
        usage: switchman [OPTIONS] [--] COMMAND [ARG...]

        Runs COMMAND under a lock that the whole fleet shares, kept in ZooKeeper: never
        twice at once. If somebody else holds it: nothing is run, nothing is printed.

          -c, --config FILE        default: $SWITCHMAN_CONFIG, /etc/switchman.conf
          -g, --group NAME         run only on hosts of this group
              --lockname NAME      default: the command's base name
              --no-lock            without the lock (--lock: with it, the default)
              --wait TIME          wait for the lock in a fair queue; default: 0: skip
              --lease RESOURCE=COUNT[:TOTAL]
                                   take COUNT of TOTAL permits first; repeatable.
                                   Arithmetic with CPU and MEMMB, as in CPU-1:CPU;
                                   FQDN, CPU, MEMMB are replaced in RESOURCE.
                                   Default TOTAL: what the fleet's data declares
              --lease-wait TIME    for all leases together; 0: try. Default: the
                                   configuration's resources_wait_timeout, or forever
              --min-interval TIME  skip if the last start was less than TIME ago,
                                   anywhere, by ZooKeeper's clock
              --retry-failed       a last run that failed or was lost does not count
              --timeout TIME       end COMMAND after TIME; 0, the default: never
              --retries N          run it again, up to N times, if it failed
              --retry-delay TIME   before the first of them, then twice as long each
                                   time, up to 5 minutes; default: 1s
              --splay TIME         begin after a delay below TIME, always the same
                                   for this host and lockname
              --term TIME          for how long ownership outlives an outage, and a
                                   successor waits after a crash; default: the
                                   configuration's ownership_term
              --on-unavailable fail|skip
                                   if ZooKeeper is not reached; default: fail
              --on-group-exit stop|finish
                                   if this host leaves the group; default: stop
              --dry-run            say what would happen and why, and take nothing
              --descendants wait|kill|leave
                                   processes that outlive COMMAND; default: wait
          -E, --skip-exit-code N   the exit code of every skip; default: 0
              --exit-code OUTCOME=N
                                   the exit code of one outcome; repeatable
              --verbose, --quiet   info too, or errors only, on standard error
          -h, --help               print this
          -v, --version            print the version

        TIME is a number with s, m, h or d (seconds without), or forever.
        Options end at the first word that is none: COMMAND's own are passed on.

        Exit codes: COMMAND's own (ran); 128+N if it died of signal N (signaled);
          0    skipped: locked, queued, not-in-group, too-soon, paused
          64   usage                     79   group-exit: stopped, host left group
          65   bad-data in ZooKeeper     80   released: an operator stopped it
          69   unavailable: ZooKeeper    81   lost: ownership; COMMAND was killed
          71   os-error                  124  timeout
          75   no-permits in time        126  not-executable
          77   denied by ZooKeeper       127  not-found
          78   bad-config

        """
}
