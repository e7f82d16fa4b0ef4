/// The variables that a run sets for its command and for hooks: whoever is started by one has them, and they set no key.
enum RunVariable {
    /// Without `SWITCHMAN_`.
    static let names: Set<String> = [
        "CONFIG", "LOCKNAME", "LOCK_PATH", "FENCING_TOKEN", "SESSION_ID", "TICK", "LEASES", "SLOTS", "SLOT", "ATTEMPT",
        "LAST_START",
        "LAST_OUTCOME", "LAST_SUCCESS", "HOOK", "HOST", "CODE", "EXIT_CODE", "OUTCOME", "REASON", "TOKEN",
        "HELD_SECONDS",
        "WAITED_SECONDS", "LOST_HOST", "LOST_START",
    ]
}
