package import Coordination
import Text

/// Reads PREFIX's data for a run.
package struct FleetReader {
    let job: Job

    package init(job: Job) { self.job = job }

    package func read(_ reply: Reply) throws(Interruption) -> FleetData {
        let bytes = try reply.node()?.data ?? []
        if let objection = FleetData.objection(toLength: bytes.count, of: job.layout.prefix, limit: job.dataReadLimit) {
            throw .badData(objection)
        }
        do throws(FleetDataError) {
            return try FleetData.parse(bytes, nowMilliseconds: job.wallMilliseconds())
        } catch {
            throw .badData("the data of \(job.layout.prefix): \(error.message)")
        }
    }

    /// The entry that makes this host one of the group; nil if none does.
    package func entry(_ fleet: FleetData, in group: String) throws(Interruption) -> String? {
        do throws(FleetDataError) {
            return try fleet.entry(of: job.host, in: group)
        } catch {
            throw .badData("the data of \(job.layout.prefix): \(error.message)")
        }
    }

    /// Whether nothing is to be started, this job or anything on this host; and the sentence that says so.
    package func pause(_ fleet: FleetData) -> (skip: Acquisition.Skip, sentence: String)? {
        if let note = fleet.pauses.jobNotes[ExactName(job.lockname)] {
            return (.paused, "\(Excerpt.of(job.lockname)) is paused\(note.phrase())")
        }
        if let note = fleet.pauses.all { return (.paused, "all jobs are paused\(note.phrase())") }
        return fleet.drain(of: job.host).map { entry, note in
            let pattern = HostPattern.isPattern(entry) ? " as \(Excerpt.of(entry, longest: 255))" : ""
            return (.drained, "\(job.host) is drained\(pattern)\(note.phrase())")
        }
    }

    /// The leases in the order of `resources`, each with the total that is declared for it, and its hold.
    func ordered(_ fleet: FleetData, _ leases: [LeaseRequest]) throws(Interruption) -> [LeaseRequest] {
        let order = fleet.orderedResources(macros: job.macros)
        func rank(_ lease: LeaseRequest) -> Int? { order.firstIndex { $0.isSameName(as: lease.resource) } }
        var checked: [LeaseRequest] = []
        for lease in leases {
            guard rank(lease) != nil else {
                let meant = NearestWord.slip(lease.resource, among: Array(order.prefix(NearestWord.mostCompared)))
                throw .badData(
                    "--lease \(lease.resource): no such resource in the data of \(job.layout.prefix); "
                        + "\(NearestWord.otherwise(meant))declare it: switchmanctl "
                        + "resources add \(job.macros.pattern(of: lease.resource))")
            }
            let declared: Int64?
            do throws(FleetDataError) {
                declared = try fleet.total(of: lease.resource, macros: job.macros)
            } catch {
                throw .badData("the data of \(job.layout.prefix): \(error.message)")
            }
            checked.append(try self.checked(lease, declared: declared, in: fleet))
        }
        return checked.sorted { (rank($0) ?? 0) < (rank($1) ?? 0) }
    }

    /// The leases of a run that waits already, in the order of its places, with the totals that are declared and the holds there
    /// are now. What is declared
    /// no more, or cannot be read, stays as it was: it concerns those who come.
    func renewed(_ fleet: FleetData, _ leases: [LeaseRequest]) throws(Interruption) -> [LeaseRequest] {
        var renewed: [LeaseRequest] = []
        for lease in leases {
            let declared = try? fleet.total(of: lease.resource, macros: job.macros)
            renewed.append(
                declared == nil
                    ? lease.held(by: fleet.hold(of: lease.resource, macros: job.macros))
                    : try checked(lease, declared: declared, in: fleet))
        }
        return renewed
    }

    private func checked(
        _ lease: LeaseRequest, declared: Int64?, in fleet: FleetData
    ) throws(Interruption) -> LeaseRequest {
        do throws(LeaseError) {
            return try lease.checked(declared: declared).held(by: fleet.hold(of: lease.resource, macros: job.macros))
        } catch {
            throw .badData("\(error.message) (the data of \(job.layout.prefix))")
        }
    }
}

extension FleetData {
    /// Why no run takes data of that length; nil if they do.
    ///
    /// - Parameter limit: the configuration's `data_read_len`.
    package static func objection(toLength count: Int, of prefix: String, limit: Int) -> String? {
        if count <= limit { return nil }
        return "the data of \(prefix) is \(count) bytes long, more than data_read_len (\(limit)); "
            + "raise data_read_len or shorten the data"
    }
}
