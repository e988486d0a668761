/// `kcat`, the command-line client on librdkafka.
public enum Kcat {
    /// The path of `kcat`; nil if it is not in `PATH`.
    public static var path: String? { Executable.find("kcat") }

    /// Whether `kcat` is in `PATH`.
    public static var isAvailable: Bool { self.path != nil }

    /// What is missing and what to do about it; nil if nothing is.
    public static var unavailableReason: String? { self.isAvailable ? nil : "kcat is not in PATH; install Debian's kcat" }
}
