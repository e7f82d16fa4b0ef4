import Coordination
import Text

extension Acquisition {
    /// Why a wait for permits that has run out was meant to: a resource is held that this run wants, or that somebody wants who
    /// stands before it in a queue. Then a whole fleet that waits has nothing to complain of. Nil: it was not.
    func holdInTheWay() async throws(Interruption) -> String? {
        let now = TimeStamp(milliseconds: job.wallMilliseconds())
        for lease in job.leases { if let sentence = lease.holdSentence(at: now) { return sentence } }
        let held = heldResources.filter { $0.holdSentence(at: now) != nil }
        if held.isEmpty { return nil }
        let asked = (job.leases + held).map { job.layout.queue($0.resource) }
        var queues: [[Place]] = []
        let replies: [Reply]
        do throws(Interruption) { replies = try await talk.askAgain(asked.map { .children($0, watch: false) }) } catch {
            switch error {
            // Whatever else is wrong now, the wait for permits has ended before.
            case .unavailable, .refused, .denied, .badData: return nil
            default: throw error
            }
        }
        // Queues that this run does not stand in are none of its business if somebody has spoilt them.
        for (queue, reply) in zip(asked, replies) { queues.append((try? Queues.places(in: queue, reply)) ?? []) }
        for queue in queues.prefix(job.leases.count) {
            let own = queue.filter { $0.lockname.isSameName(as: job.lockname) }.map(\.sequence).max() ?? .min
            let before = Set(queue.filter { $0.sequence < own }.map { ExactName($0.lockname) })
            for (lease, places) in zip(held, queues.suffix(held.count)) {
                guard let other = places.first(where: { before.contains(ExactName($0.lockname)) }),
                    let sentence = lease.holdSentence(at: now)
                else { continue }
                return "\(Excerpt.of(other.lockname, longest: 255)) waits ahead, and \(sentence)"
            }
        }
        return nil
    }
}
