import ArgumentParser
import Coordination
import Fleet
import Invocation
import Recipes
import Run
import Steering
import Text

struct Verify: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Inside a job: does it still own its lock?",
        discussion: """
            Reads SWITCHMAN_LOCK_PATH, SWITCHMAN_FENCING_TOKEN and SWITCHMAN_SESSION_ID, which switchman gives its \
            command, and asks a quorum of the servers. The exit code is 0 if the lock is this job's, 1 if it is not, and \
            69 if that cannot be known.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption

    func check() throws { _ = try Ownership(Environment.ofThisProcess()) }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        let named = try Ownership(Environment.ofThisProcess())
        guard named.path.utf8.starts(with: "\(fleet.layout.prefix)/locks/".utf8) else {
            throw Complaint.failed(
                .usage,
                "SWITCHMAN_LOCK_PATH is \(named.path), which is not below \(fleet.layout.prefix)/locks; is this the job's "
                    + "configuration?")
        }
        // The check goes through a quorum; the look behind it cannot be older. Neither is enough alone: see the heartbeat.
        let replies = try await fleet.talk.askAgain([.multi([.check(named.path)]), .exists(named.path, watch: false)])
        if case .failure(let failure) = replies[0], failure.reason != .noNode { throw failure.interruption }
        let stat = replies[0].failureReason == nil ? try replies[1].stat() : nil
        let isOwned = stat?.ephemeralOwner == named.session && stat?.czxid == named.token
        if printing.json {
            Screen.print(
                .object(["path": .string(named.path), "token": .integer(named.token), "owned": .boolean(isOwned)]))
        } else if !isOwned {
            Screen.complain("\(named.path): \(stat == nil ? "nobody holds it" : "somebody else holds it now")")
        }
        return isOwned ? .yes : .no
    }
}

/// The ownership that a job's environment names.
struct Ownership {
    let path: String
    let token: Int64
    let session: Int64

    init(_ environment: [String: String]) throws(EditError) {
        func value(_ name: String) throws(EditError) -> String {
            guard let value = environment[name], !value.isEmpty else {
                throw .usage("\(name) is not set; verify is for commands that switchman runs with a lock")
            }
            return value
        }
        path = try value("SWITCHMAN_LOCK_PATH")
        let (token, session) = (try value("SWITCHMAN_FENCING_TOKEN"), try value("SWITCHMAN_SESSION_ID"))
        guard let token = DigitText.parse(token) else {
            throw .usage("SWITCHMAN_FENCING_TOKEN is \"\(Excerpt.of(token))\"; it must be a decimal number")
        }
        guard let id = SessionID(text: session) else {
            throw .usage("SWITCHMAN_SESSION_ID is \"\(Excerpt.of(session))\"; it must be a hexadecimal number")
        }
        (self.token, self.session) = (token, id.number)
    }
}
