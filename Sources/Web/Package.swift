// swift-tools-version: 6.3
import PackageDescription

/// As in the Package.swift of the root.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let release = [
    "-use-ld=lld", "-Xclang-linker", "-static-libgcc", "-L\(Context.packageDirectory)/../CLinux/link",
    "-Xlinker", "-z", "-Xlinker", "now", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
]

/// A package of its own: Package.resolved of the root names no web server then, so that nobody fetches one for the wrapper.
let package = Package(
    name: "switchman-web",
    products: [.executable(name: "switchman-web", targets: ["Server"])],
    dependencies: [
        .package(name: "switchman", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "Server",
            dependencies: [
                .product(name: "Fleet", package: "switchman"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Server",
            resources: [
                .embedInCode("Page/page.html"), .embedInCode("Page/page.css"), .embedInCode("Page/page.js"),
                .embedInCode("Page/act.js"), .embedInCode("Page/explain.js"),
            ],
            swiftSettings: strict,
            linkerSettings: [.unsafeFlags(release, .when(configuration: .release))])
    ]
)
