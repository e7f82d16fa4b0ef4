import Invocation
import Testing
import Text

@testable import Checks

@Suite struct CrontabCheckTests {
    private static let macros = Macros(fqdn: "h1.example.net", cpuCount: 4, memoryMB: 7977)

    func check(
        _ text: String, format: CrontabFile.Format = .user, originals: Bool = false
    ) -> Verdict {
        var check = CrontabCheck(
            macros: Self.macros, servesOriginals: { _ in originals },
            host: CrontabHost(folders: ["/usr/bin"]) { !$0.contains("absent") })
        check.add(Array(text.utf8), name: "tab", format: format)
        return check.verdict()
    }

    private func lockname(_ command: String, environment: [[UInt8]: [UInt8]] = [:]) -> [String] {
        SwitchmanSearch(Array(command.utf8), environment: environment).calls.map { call in
            call.words.dropFirst().map { String(decoding: $0.filled(with: "1"), as: UTF8.self) }.joined(separator: "|")
        }
    }

    // MARK: - Where switchmen are found

    @Test(
        arguments: [
            ("switchman -- a", ["--|a"]),
            ("/usr/bin/switchman a b", ["a|b"]),
            ("cd /x && switchman a", ["a"]),
            ("cd /x; PATH=/opt:$PATH switchman a", ["a"]),
            ("switchman a | logger -t x", ["a"]),
            ("switchman a; switchman b", ["a", "b"]),
            ("switchman a && switchman b || switchman c & switchman d", ["a", "b", "c", "d"]),
            ("(switchman a)", ["a"]),
            ("{ switchman a; }", ["a"]),
            ("if true; then switchman a; fi", ["a"]),
            ("! switchman a", ["a"]),
            ("switchman a >/dev/null 2>&1", ["a"]),
            ("switchman a &>/dev/null", ["a"]),
            (">> /var/log/x switchman a", ["a"]),
            ("switchman a 2>/dev/null >&2 b", ["a|b"]),
            ("switchman 'a b' \"c d\" e\\ f", ["a b|c d|e f"]),
            ("switchman \"a\\\"b\" 'c\"d' \"e\\x\"", ["a\"b|c\"d|e\\x"]),
            ("switchman a'b'\"c\"", ["abc"]),
            ("switchman a # switchman b", ["a"]),
            ("switchman a#b", ["a#b"]),
            ("flock -n /f switchman a", ["a"]),
            ("flock -n /f -c 'switchman a'", ["a"]),
            ("flock -w 5 /f nice -n 5 switchman a", ["a"]),
            ("nice -5 switchman a", ["a"]),
            ("nice --adjustment=5 ionice -c2 -n 7 switchman a", ["a"]),
            ("env -i -u HOME X=1 switchman a", ["a"]),
            ("timeout -k 5 1h switchman a", ["a"]),
            ("timeout --signal=KILL 10 switchman a", ["a"]),
            ("sudo -u www -H -- switchman a", ["a"]),
            ("sudo -nu www X=1 switchman a", ["a"]),
            ("su - www -c 'switchman a'", ["a"]),
            ("su www -s /bin/sh -c \"switchman a\"", ["a"]),
            ("runuser -u www -- switchman a", ["a"]),
            ("sh -c 'switchman a; switchman b'", ["a", "b"]),
            ("bash -lc \"cd /x && exec switchman a\"", ["a"]),
            ("sh -c 'sh -c \"switchman a\"'", ["a"]),
            ("test -x /usr/bin/switchman && switchman a", ["a"]),
            ("[ -x /usr/bin/switchman ] && nohup setsid chronic switchman a &", ["a"]),
            ("X=$(switchman a)", ["a"]),
            ("echo `switchman a`", ["a"]),
            ("echo \"$(switchman a $(switchman b))\"", ["b", "a|1"]),
            ("echo $((1 + 2)) ${X:-switchman a}; switchman $1", ["1"]),
            ("find /x -name y | xargs -n 1 switchman a", ["a"]),
            ("switchman --lockname \"x-$(hostname -f)\" -- a", ["--lockname|x-1|--|a"]),
            ("switchman --lockname x-`date +\\%F` a", ["--lockname|x-1|a"]),
            ("echo 'switchman a'", []),
            ("myswitchman a; switchman2 a", []),
            ("switchmanctl check job a --within 1h", []),
        ] as [(String, [String])])
    func findsEverySwitchman(command: String, expected: [String]) {
        #expect(lockname(command.replacing("\\%", with: "%")) == expected)
    }

    @Test func putsInWhatTheCrontabItselfSets() {
        let set: [[UInt8]: [UInt8]] = [Array("SW".utf8): Array("/opt/switchman -c /x".utf8)]
        #expect(
            lockname("$SW a; ${SW} b; \"$SW\" c; X=$SW switchman d", environment: set) == ["-c|/x|a", "-c|/x|b", "d"])
    }

    @Test func readsTheSwitchmanUnderASwitchman() {
        let verdict = check("* * * * * switchman --lockname a -- sh -c 'switchman --bad x'\n")
        #expect(verdict.severity == .critical)
        #expect(verdict.text.contains("unknown option --bad"))
        #expect(check("* * * * * switchman --lockname a 'cd /x && switchman --bad x'\n").severity == .critical)
    }

    // MARK: - What is fine

    @Test(arguments: [
        "",
        "# a comment\n\n   # another\n",
        "MAILTO=ops@example.org\nPATH = /usr/bin:/bin\n\"X Y\" = 'z'\n",
        "*/5 * * * * switchman -- /usr/local/bin/report\n",
        "@daily switchman report\n@reboot switchman other\n@midnight switchman third\n",
        "0 1 * * * switchman --lockname report-daily -- report --daily\n0 2 * * * switchman report --weekly\n",
        "0,30 0-6/2 1-7,15 jan-MAR,12 mon-fri,7 switchman report\n",
        "-*/5 * * * * switchman report\n",
        "\t5 * * * * switchman --lockname \"clean-$(hostname -f)\" -- clean\n",
        "6 * * * * switchman --no-lock --lease api=1:10 -- fetch\n",
        "8 * * * * switchman --lease 'FQDN_cpu=max(1,CPU-1):CPU' -- encode\n",
        "8 * * * * switchman --lease FQDN_mem=1:int(MEMMB/1024) -- encode\n".replacing(
            "int(MEMMB/1024)", with: "'int(MEMMB/1024)'"),
        "* * * * * job --day $(date +\\%F) # no wrapper, none of our business: 'unclosed\n",
        "* * * * * switchman --day-job 2>/dev/null || true # not ours: x\n".replacing("--day-job", with: "day-job"),
        "* * * * * switchman a one\n* * * * * switchman a one\n",
        "* * * * * switchman --lockname a x\n* * * * * switchman --lockname a y\n",
        "* * * * * switchman -c /x a one\n* * * * * switchman -c /y a two\n",
        "* * * * * switchman $JOB one\n* * * * * switchman $JOB two\n",
        "* * * * * sh -c \"switchman --lease x=$N:$M --lockname '$L' a\"\n",
        "* * * * * sh -c \"switchman $OPTIONS $JOB\"\n",
        "* * * * * echo 'say \"it' # a shell's own affair\n",
        "* * * * * SWITCHMAN_CONFIG=/x switchman a one\n* * * * * switchman a two\n",
        "0~59 ~ 1~ jan~mar ~fri switchman a\n",
        "0~20,30 * * * * switchman a\n",
        "0~59 * * * * switchman --min-interval 54m a\n",
        "*/2000 * * * * switchman a\n",
        "* * * * * switchman a || true\n",
        "* * * * * switchman a && echo done; switchman b | logger -t b\n",
        "* * * * * cd /x && switchman a\n",
        "* * * * * switchman --lockname a -- switchman --lockname b -- job\n",
        "* * * * * switchman --keep-output 8k a > /x/log; switchman --keep-output 8k b >/dev/null 2>&1\n",
        "* * * * * switchman --keep-output 8k a 2>&1 >/x/log; switchman --keep-output 8k b > $LOG 2>&1\n",
        "* * * * * switchman --keep-output 8k a 2>&1 | tee -a /x/log; echo a >/x/log 2>&1\n",
        "* * * * * switchman --lockname x '[ -x /usr/bin/job ] && /usr/bin/job'\n",
    ])
    func hasNothingToSayOfWhatIsFine(text: String) {
        let verdict = check(text)
        #expect(verdict.severity == .ok, "\(verdict.text)")
        #expect(verdict.findings == [])
    }

    @Test
    func notesWhatRunsBehindAPipe() {
        let text = check("* * * * * switchman a | import-rows\n").text
        #expect(text.contains("\"import-rows\" behind | runs without the lock, and on every host"))
    }

    // MARK: - What is wrong

    @Test(
        arguments: [
            ("61 * * * * a\n", "tab:1: bad minute \"61\""),
            ("* 24 * * * a\n", "bad hour \"24\""),
            ("* * 0 * * a\n", "bad day of the month \"0\""),
            ("* * * 13 * a\n", "bad month \"13\""),
            ("* * * foo * a\n", "or a name such as jan"),
            ("* * * * 8 a\n", "bad day of the week \"8\""),
            ("* * * * fri-mon a\n", "runs backwards"),
            ("0/5 * * * * switchman a\n", "write 0-59/5"),
            ("5/10 * * * * switchman a\n", "write 5-59/10"),
            ("@Daily switchman a\n", "unknown schedule \"@Daily\""),
            ("* * * * * * job\n", "a sixth field"),
            ("HOST=\"$(hostname -f || echo \"$H\")\"\n", "bad minute"),
            ("\u{feff}* * * * * switchman a\n", "byte-order mark"),
            ("* * * * * switchman -- cd /srv && switchman b\n", "\"cd\" is a builtin of the shell"),
            ("* * * * * switchman --lockname x -- if [ -x a ]\n", "\"if\" is the shell's grammar"),
            ("* * * * * switchman --lockname x -- FOO=1 job\n", "write env FOO=1"),
            ("* * * * * switchman /var/lock/x.lock job\n", "flock is given a file"),
            ("* * * * * switchman -w 10 /run/lock/x job\n", "flock is given a file"),
            ("* * * * * switchman -E 1 /tmp/x.lck -c 'job'\n", "flock is given a file"),
            ("* * * * * switchman \u{2013}lockname r -- job\n", "an en dash (U+2013) where \"-\" belongs"),
            ("* * * * * switchman --lockname \u{201c}r\u{201d} job\n", "a left double quote (U+201C)"),
            ("* * * * * switchman\u{a0}--lockname r job\n", "a no-break space (U+00A0)"),
            ("* * * * * switchman --lockname a -- switchman --lockname a -- job\n", "it never starts anything"),
            ("* * * * * switchman --lockname a 'cd /x && switchman --lockname a job'\n", "it never starts anything"),
            ("5-1 * * * * a\n", "runs backwards"),
            ("5~1 * * * * a\n", "runs backwards"),
            ("0~60 * * * * a\n", "bad minute \"0~60\""),
            ("1~2~3 * * * * a\n", "bad minute"),
            ("*~9 * * * * a\n", "bad minute"),
            ("0~59/2 * * * * a\n", "a random value (~) has no step"),
            ("*/0 * * * * a\n", "the step"),
            ("*/x * * * * a\n", "the step"),
            ("1,,2 * * * * a\n", "a list of these"),
            ("1/2/3 * * * * a\n", "a list of these"),
            ("99999999999999999999 * * * * a\n", "bad minute"),
            ("* * * *\n", "4 of five"),
            ("* * * * *\n", "no command"),
            ("@daily\n", "no command"),
            ("@never a\n", "unknown schedule \"@never\""),
            ("\n\n* * * * * switchman\n", "tab:3: no command; write switchman"),
            ("* * * * * switchman --foo a\n", "unknown option --foo"),
            ("* * * * * switchman a --lockname b\n", "--lockname stands after the command"),
            ("* * * * * cd /x && switchman a --group=b\n", "--group=b stands after the command"),
            ("* * * * * switchman --lease x=3:2 a\n", "COUNT is at most TOTAL"),
            ("* * * * * switchman --lease x=1:2 --lease x=2:2 a\n", "asked for twice"),
            ("* * * * * switchman --lease 'x=1:`id`' a\n", "is not allowed"),
            ("* * * * * switchman --lockname a/b c\n", "contains '/'"),
            ("* * * * * switchman --lockname 0 c\n", "is \"0\""),
            ("* * * * * switchman -E 300 a\n", "0 to 255"),
            ("* * * * * switchman 'a\n", "' is opened and never closed"),
            ("* * * * * switchman a $(date +%F)\n", "write \\%"),
            ("* * * * * switchman \"a `b\"\n", "is opened and never closed"),
            ("* * * * * switchman a\r\n", "carriage returns"),
            ("* * * * * sudo -u x sh -c 'switchman --foo a'\n", "unknown option --foo"),
        ] as [(String, String)])
    func namesTheLineThatIsWrong(text: String, expected: String) {
        let verdict = check(text)
        #expect(verdict.severity == .critical, "\(verdict.text)")
        #expect(verdict.text.contains(expected), "\(verdict.text)")
        #expect(verdict.text.hasPrefix("CRITICAL: crontab: 1 error"))
        #expect(verdict.text.contains("tab:"))
        #expect(verdict.text.split(separator: "\n").count == 1)
    }

    @Test(
        arguments: [
            ("* * * * * switchman python3 /x/a.py\n", "\"python3\", as for every other job"),
            ("* * * * * switchman python3.11 /x/a.py\n", "\"python3.11\""),
            ("* * * * * switchman /bin/sh /x/a.sh\n", "\"sh\""),
            ("* * * * * switchman nice -n 5 a\n", "\"nice\""),
            ("* * * * * switchman 'cd /x && make all > /dev/null'\n", "\"null\", the part behind the last slash"),
            (
                "* * * * * switchman a one\n* * * * * switchman a two\n",
                "the lock \"a\", as the other command at tab:1 does"
            ),
            ("* * * * * switchman /x/a\n* * * * * switchman /y/a\n", "as the other command at tab:1 does"),
            ("* * * * * switchman a; switchman b\n* * * * * switchman b c\n", "tab:2: takes the lock \"b\""),
            ("* * * * * switchman --lockname x -- [ -x /usr/bin/job ] && /usr/bin/job\n", "after a skip as well"),
            ("* * * * * switchman -- a && b\n", "\"b\" behind && runs without the lock"),
            ("* * * * * switchman -- a ; b\n", "\"b\" runs without the lock"),
            ("* * * * * switchman -- a || b\n", "\"b\" behind || runs without the lock"),
            ("* * * * sat-sun switchman a\n", "write 6-7"),
            ("* * * * 5-0 switchman a\n", "write 5-7"),
            ("PATH=/opt/bin:$PATH\n", "does not expand"),
            ("PATH=/absent\n* * * * * switchman a\n", "in the crontab's PATH (/absent)"),
            ("* * * * * switchman --lockname a -- b \\\n", "joins no lines"),
            ("* * * * * 2>/x/log 1>&2 switchman --keep-output 8k a\n", "--keep-output keeps nothing"),
            ("* * * * * switchman --keep-output 8k a &>/x/log\n", "--keep-output keeps nothing"),
            ("* * * * * sh -c 'switchman --keep-output 8k a' >& log\n", "--keep-output keeps nothing"),
            ("* * * * * switchman a", "the last line does not end in a newline"),
            ("* * * * * switchman a%input\n", "a bare % ends the command"),
            ("* * * * * root switchman a\n", "say --system"),
            ("* * * * * ssh h switchman a\n", "is not checked"),
            ("* * * * * ssh h 'cd /x; switchman a'\n", "is not checked"),
            ("* * * * * $SWITCHMAN a\n", "is not checked"),
            ("* * * * * switchman $OPTS --lockname b a\n", "(if the shell does not put something else there)"),
            ("* * * * * switchman --lease \"x=$N:2*\" a\n", "(if the shell"),
        ] as [(String, String)])
    func warnsOfWhatMayBeMeant(text: String, expected: String) {
        let verdict = check(text)
        #expect(verdict.severity == .warning, "\(verdict.text)")
        #expect(verdict.text.contains(expected), "\(verdict.text)")
    }

    // MARK: - Formats

    @Test func readsTheUserColumnOfASystemCrontab() {
        #expect(check("* * * * * root switchman a\n", format: .system).findings == [])
        #expect(check("@daily root switchman --foo a\n", format: .system).severity == .critical)
        let noUser = check("* * * * * switchman a b\n", format: .system)
        #expect(noUser.text.contains("stands where the user's name belongs"), "\(noUser.text)")
        #expect(check("* * * * * root\n", format: .system).text.contains("there is no command"))
    }

    @Test(
        arguments: [
            ("/etc/crontab", .system), ("/etc/cron.d/x", .system), ("files/cron.d/x", .system),
            ("etc/crontab", .system),
            ("crontab", .user), ("/var/spool/cron/crontabs/root", .user), ("cron.d", .user), ("-", .user),
        ] as [(String, CrontabFile.Format)])
    func tellsTheFormatByThePath(path: String, format: CrontabFile.Format) {
        #expect(CrontabFile.Format.of(path: path) == format)
    }

    @Test(
        arguments: [
            ("report", nil), ("report-2", nil), ("report.cron", .warning), ("x~", .critical),
            ("x.dpkg-dist", .critical),
            (".hidden", .critical), ("x.rpmsave", .critical),
        ] as [(String, Severity?)])
    func knowsWhichFilesCronReads(name: String, severity: Severity?) {
        #expect(CrontabFile.objection(toName: name)?.0 == severity)
    }

    @Test(arguments: ["cd /x && switchman a", "/usr/bin/switchman a", "env X=1 switchman a", "X=1 switchman a"])
    func knowsWhatIsNobodysName(command: String) {
        let verdict = check("* * * * * \(command)\n", format: .system)
        #expect(
            verdict.severity == .critical && verdict.text.contains("where the user's name belongs"), "\(verdict.text)")
    }

    @Test func notesProgramsThatAreNotHere() {
        let verdict = check("* * * * * switchman -- absent\n* * * * * switchman -- /opt/absent2 x\n")
        #expect(verdict.severity == .ok && verdict.findings.count == 2, "\(verdict.text)")
        #expect(check("* * * * * sudo -u x switchman absent\n* * * * * X=1 PATH=$Y switchman absent2\n").findings == [])
    }

    @Test func notesASwitchmanThatIsNotHereOnceForAFile() {
        let verdict = check("* * * * * /absent/switchman -- a\n* * * * * /absent/switchman -- b\n")
        #expect(
            verdict.findings.map(\.message) == [
                "on this host there is no /absent/switchman, so that the line would start nothing here"
            ])
        #expect(verdict.severity == .ok)
    }

    @Test func missesWhatCronDoesNotFind() {
        var check = CrontabCheck(
            macros: Self.macros, servesOriginals: { _ in false },
            host: CrontabHost(folders: ["/usr/local/bin"]) { $0.hasPrefix("/usr/local/bin/") })
        check.add(Array("* * * * * switchman a\n".utf8), name: "tab", format: .user)
        let verdict = check.verdict()
        #expect(
            verdict.severity == .warning && verdict.text.contains("in the crontab's PATH (/usr/bin:/bin)"),
            "\(verdict.text)")
    }

    @Test func findsASwitchmanBehindRunuser() {
        #expect(lockname("runuser -l www -c \"switchman a\"") == ["a"])
        #expect(lockname("runuser -u www -- switchman a") == ["a"])
    }

    // MARK: - Foreign bytes

    @Test func printsNothingRaw() {
        let bytes: [UInt8] =
            Array("* * * * * switchman --\u{1b}[31m\u{7} a\n* * * * * switchman --lockname ".utf8)
            + [0xff, 0xfe] + Array(" x\n".utf8)
        var check = CrontabCheck(
            macros: Self.macros, servesOriginals: { _ in false }, host: CrontabHost(folders: []) { _ in true })
        check.add(bytes, name: "t\u{1b}ab\n", format: .user)
        let text = check.verdict().text
        #expect(check.verdict().severity == .critical)
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
        #expect(text.split(separator: "\n").count == 2)
    }

    @Test func isNotDrownedByAFile() {
        let big = "X=\(String(repeating: "y", count: 900))\n* * * * * \(String(repeating: "$X", count: 5_000))\n"
        #expect(check(big).severity == .ok)
        // Each is named after the next.
        #expect(
            check("* * * * * " + String(repeating: "switchman ", count: 1_000) + "a\n").text.contains(
                "never starts anything"))
        #expect(
            check("* * * * * a" + String(repeating: "b", count: 1 << 18) + "\n").text.contains("no cron reads that"))
        #expect(check("* * * * * switchman " + String(repeating: "$(", count: 3_000) + "\n").severity == .critical)
        #expect(check("* * * * * " + String(repeating: "sh -c '", count: 3_000) + "\n").severity == .ok)
    }

    @Test func survivesAnyBytes() {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "switchman ", "* * * * * ", "@daily ", "sh -c ", "'", "\"", "`", "$(", ")", "${", "}", "\\", "%", "X=",
            "$X", "--lease ",
            "-", " ", "\n", "\0", ";", "|", "<", ">", "&", "#", "=", ":", "1", "é", "\u{1b}",
        ]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 1...30, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }
            #expect(
                !check(text.joined(), format: Bool.random() ? .user : .system, originals: true).text.isEmpty, "\(text)")
        }
    }

    @Test func survivesEveryCutOfALine() {
        let line =
            "@daily X=1 env -u A sh -c \"switchman --lease 'a=1:${N:-2}' `b $(c 'd' \\\" ${e}) f` $'g' \\\\ > h 2>&1 %i\" $((1))"
        for count in 0...line.utf8.count {
            var check = CrontabCheck(
                macros: Self.macros, servesOriginals: { _ in true }, host: CrontabHost(folders: []) { _ in true })
            check.add(Array(line.utf8.prefix(count)), name: "tab", format: .user)
            check.add(Array(line.utf8.suffix(count)), name: "tab", format: .system)
            #expect(!check.verdict().text.isEmpty)
        }
    }
}
