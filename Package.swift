// swift-tools-version: 6.3
import PackageDescription

/// Tried together on Swift 6.3.1; warnings are errors, so that none is ever the one nobody read.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// Neither libstdc++ nor libzookeeper is loaded, and 37,000 relocations are packed: Docs/Benchmarks.md says what each is worth. All
/// symbols are bound at the start, into pages that cannot be written afterwards. lld, since gold wants libraries in order.
let release = [
    "-use-ld=lld", "-Xclang-linker", "-static-libgcc", "-L\(Context.packageDirectory)/Sources/CLinux/link",
    "-Xlinker", "-z", "-Xlinker", "now", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
]

/// What the C client asks of the network goes through CFrames and CTLS.
func wraps(_ names: String...) -> [LinkerSetting] {
    [.unsafeFlags(names.flatMap { ["-Xlinker", "--wrap=\($0)"] })]
}

let strictC: [CSetting] = [
    .unsafeFlags(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fstack-protector-strong"]),
    .unsafeFlags(["-D_FORTIFY_SOURCE=2"], .when(configuration: .release)),
    .define("SW_CHECKED", .when(configuration: .debug)),
]

/// Only libFuzzer has the main function that this one needs: it would break a build of everything. Tests/fuzz sets it.
let fuzz: [Target] =
    Context.environment["SWITCHMAN_FUZZ"] == nil
    ? []
    : [
        .executableTarget(
            name: "fuzz", dependencies: ["Reporting", "Host", "Run", "Recipes", "Coordination", "Text"],
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
    ]

let package = Package(
    name: "switchman",
    products: [
        .executable(name: "switchman", targets: ["switchman"]),
        .executable(name: "switchmanctl", targets: ["switchmanctl"]),
        // For switchman-web, a package of its own in Sources/Web: whoever builds the programs above needs no web server.
        .library(name: "Fleet", targets: ["Fleet"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    ],
    targets: [
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CGetopt"),
        .systemLibrary(name: "CZooKeeper", providers: [.apt(["libzookeeper-mt-dev"])]),
        .target(name: "CSupervision", cSettings: strictC),
        .target(name: "CTether", cSettings: strictC),
        .target(name: "CTLS", cSettings: strictC, linkerSettings: wraps("poll", "send", "close")),
        .target(
            name: "CFrames", dependencies: ["CTLS"], cSettings: strictC,
            linkerSettings: wraps(
                "connect", "recv", "zookeeper_interest", "serialize_RequestHeader", "serialize_MultiHeader")),
        .target(name: "Text", swiftSettings: strict),
        .target(name: "POSIX", swiftSettings: strict),
        .target(name: "Coordination", swiftSettings: strict),
        .target(
            name: "ZooKeeper", dependencies: ["CFrames", "CTLS", "CZooKeeper", "Coordination", "POSIX"],
            swiftSettings: strict),
        .target(name: "Recipes", dependencies: ["Coordination", "Text"], swiftSettings: strict),
        .target(name: "Run", dependencies: ["Recipes", "Coordination", "Text"], swiftSettings: strict),
        .target(
            name: "Host", dependencies: ["CTLS", "Recipes", "Coordination", "POSIX", "Text"], swiftSettings: strict),
        .target(
            name: "Reporting",
            dependencies: ["Host", "Run", "POSIX", "Text"],
            swiftSettings: strict),
        .target(
            name: "Supervision", dependencies: ["CSupervision", "CLinux", "Coordination", "POSIX", "Text"],
            swiftSettings: strict),
        .target(
            name: "Invocation",
            dependencies: ["CGetopt", "Reporting", "Host", "Run", "Recipes", "Coordination", "POSIX", "Text"],
            swiftSettings: strict),
        .target(
            name: "Checks",
            dependencies: ["Steering", "Invocation", "Reporting", "Host", "Recipes", "Coordination", "POSIX", "Text"],
            swiftSettings: strict),
        .executableTarget(
            name: "switchman",
            dependencies: [
                "Invocation", "Reporting", "Host", "Run", "Recipes", "Coordination", "Supervision", "POSIX", "Text",
                "ZooKeeper",
            ],
            swiftSettings: strict,
            linkerSettings: [.unsafeFlags(release, .when(configuration: .release))]),
        .target(name: "Steering", dependencies: ["Recipes", "Coordination", "Text"], swiftSettings: strict),
        .target(
            name: "Fleet",
            dependencies: [
                "Steering", "Invocation", "Host", "Run", "Recipes", "Coordination", "Supervision", "POSIX", "Text",
                "ZooKeeper", "CLinux",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "switchmanctl",
            dependencies: [
                "Fleet", "Checks", "Steering", "Invocation", "Reporting", "Host", "Run", "Recipes", "Coordination",
                "Supervision", "POSIX", "Text", "ZooKeeper", "CTether",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict,
            linkerSettings: [.unsafeFlags(release, .when(configuration: .release))]),
        .target(
            name: "SimulatedEnsemble",
            dependencies: ["CSupervision", "Supervision", "Run", "Recipes", "Coordination", "Text"],
            // Checked in debug builds; in release the checks would cost a tenth of the schedules.
            swiftSettings: strict
                + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]),
        .executableTarget(
            name: "soak", dependencies: ["SimulatedEnsemble"], swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["SimulatedEnsemble"],
            swiftSettings: strict),
        .testTarget(name: "TextTests", dependencies: ["Text"], swiftSettings: strict),
        .testTarget(name: "POSIXTests", dependencies: ["POSIX"], swiftSettings: strict),
        .testTarget(name: "RecipesTests", dependencies: ["Recipes", "Coordination", "Text"], swiftSettings: strict),
        .testTarget(name: "RunTests", dependencies: ["Run", "Recipes", "Coordination", "Text"], swiftSettings: strict),
        .testTarget(
            name: "HostTests", dependencies: ["Host", "Run", "Coordination", "POSIX", "Text"],
            swiftSettings: strict),
        .testTarget(
            name: "ReportingTests",
            dependencies: ["Reporting", "Host", "Run", "Text"],
            swiftSettings: strict),
        .testTarget(
            name: "InvocationTests", dependencies: ["Invocation", "Recipes", "POSIX"],
            swiftSettings: strict),
        .testTarget(
            name: "ChecksTests", dependencies: ["Checks", "Invocation", "Steering", "Recipes", "Coordination", "Text"],
            swiftSettings: strict),
        .testTarget(
            name: "SteeringTests", dependencies: ["Steering", "Recipes", "Coordination", "Text"], swiftSettings: strict),
    ] + fuzz
)
