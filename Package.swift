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

let package = Package(
    name: "switchman",
    products: [
        .executable(name: "switchman", targets: ["switchman"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        .systemLibrary(name: "CZooKeeper", providers: [.apt(["libzookeeper-mt-dev"])]),
        .target(
            name: "CGuardian",
            cSettings: [.unsafeFlags(["-std=gnu11", "-Wall", "-Wextra", "-Werror"])]),
        .target(name: "ZooKeeper", dependencies: ["CZooKeeper", "Recipes"], swiftSettings: strict),
        .target(name: "Recipes", swiftSettings: strict),
        .target(name: "Supervision", dependencies: ["CGuardian"], swiftSettings: strict),
        .target(
            name: "Run",
            dependencies: ["Recipes", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict),
        .executableTarget(
            name: "switchman",
            dependencies: [
                "Run", "Recipes", "Supervision", "ZooKeeper", "CGuardian",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(name: "RecipesTests", dependencies: ["Recipes"], swiftSettings: strict),
        .testTarget(name: "RunTests", dependencies: ["Run", "Recipes"], swiftSettings: strict),
    ]
)
