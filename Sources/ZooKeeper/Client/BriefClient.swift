package import Coordination

extension Client {
    /// A session for a question or two: closed after them, and what this process has open already is not the library's.
    package static func briefly<Answer>(
        servers: [Server], sessionTimeout: Duration, access: Access, inbox: any Inbox, ask: (Client) async -> Answer
    ) async -> Answer {
        let client = Client(
            servers: servers, sessionTimeout: sessionTimeout, access: access, inbox: inbox, sparing: internetSockets())
        defer { client.close(cap: .milliseconds(500)) }
        return await ask(client)
    }
}
