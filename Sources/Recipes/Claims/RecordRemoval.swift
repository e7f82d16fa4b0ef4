package import Coordination

extension Layout {
    /// Removes a record that has ended, in one multi.
    ///
    /// The first operation is the guard: a run that has taken the record meanwhile has changed its version. The last tells
    /// runs that have read the record and will take it: the version of one that is made anew may be the same.
    /// - Parameter above: the data of the node above the records, which stays as it is.
    package func removal(of record: String, data: [UInt8], version: Int32, above: [UInt8]) -> [Operation] {
        [
            .set(record, data: data, version: version), .delete(record), .set(records, data: above, version: -1),
        ]
    }
}
