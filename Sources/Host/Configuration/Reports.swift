/// Whom a run tells how it went, besides its caller.
package struct Reports: Sendable {
    package var format = LogFormat.text
    package var syslog: SyslogTarget?
    package var hooks = Hooks()
    /// Where node_exporter's textfile collector looks.
    package var metricsFolder: String?

    package init() {}
}
