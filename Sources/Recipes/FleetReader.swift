package import Coordination

/// Reads PREFIX's data for a run.
package struct FleetReader {
    let job: Job

    package init(job: Job) { self.job = job }

    package func read(_ reply: Reply) throws(Interruption) -> FleetData {
        let bytes = try reply.node()?.data ?? []
        if bytes.count > job.dataReadLimit {
            throw .badData(
                "the data of \(job.layout.prefix) is \(bytes.count) bytes long, more than data_read_len "
                    + "(\(job.dataReadLimit)); raise data_read_len or shorten the data")
        }
        do throws(FleetDataError) {
            return try FleetData.parse(bytes)
        } catch {
            throw .badData("the data of \(job.layout.prefix): \(error.message)")
        }
    }

    package func contains(_ fleet: FleetData, group: String) throws(Interruption) -> Bool {
        do throws(FleetDataError) {
            return try fleet.contains(host: job.host, in: group)
        } catch {
            throw .badData("the data of \(job.layout.prefix): \(error.message)")
        }
    }
}
