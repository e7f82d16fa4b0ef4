import Checks
import Coordination
import Fleet
import Invocation
import Recipes

extension FleetConnection {
    /// In milliseconds since the epoch; by this host's clock where ZooKeeper's may not be asked.
    func now() async throws -> (Int64, JobSight.Clock) {
        let clock = try await serverClock()
        return clock.milliseconds.map { ($0, .server) } ?? (WallClock.milliseconds, .host)
    }

    /// ZooKeeper's clock, in milliseconds since the epoch, by an ephemeral node that is made and deleted at once: what is said of
    /// its creation is written by the same clock as the times of the records, and ours may be wrong by years.
    ///
    /// A run makes such nodes too, so this takes no right that runs do not have. Nil, and why, where it may not be made.
    func serverClock() async throws -> (milliseconds: Int64?, refusal: Reply?) {
        guard let session = talk.ensemble.session else { throw Interruption.sessionExpired }
        let path = "\(layout.prefix)/clock-\(session.text)"
        let replies = try await talk.askAgain([
            .multi([.create(path, data: nodeData, .ephemeral)]), .exists(path, watch: false), .multi([.delete(path)]),
        ])
        guard let stat = try? replies[1].stat() else { return (nil, replies[0]) }
        return (stat.ctimeMilliseconds, nil)
    }
}
