// swift-tools-version: 6.3
import PackageDescription

/// Settings of every Swift target: Swift 6 language mode, no warning survives, and the upcoming features the project has chosen.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    // SE-0335: `any` is written out.
    .enableUpcomingFeature("ExistentialAny"),
    // SE-0409: an import is internal unless it says otherwise.
    .enableUpcomingFeature("InternalImportsByDefault"),
    // SE-0444: a member is visible only where its module is imported.
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Sanitizers replace malloc themselves.
let usesSystemMalloc = Context.environment["FLEET_SYSTEM_MALLOC"] == "1"
let allocator: [CSetting] = usesSystemMalloc ? [.define("FLEET_SYSTEM_MALLOC")] : []

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// Release programs need no Swift where they run, and reach its runtime directly: about a tenth less processor time a record. (SwiftPM refuses unsafe
/// flags only in products that other packages depend on; programs are none.)
func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies,
        swiftSettings: swiftSettings,
        linkerSettings: [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]
    )
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: swiftSettings)
}

let package = Package(
    name: "orchestration-fleet",
    products: [
        .library(name: "Orchestration", targets: ["Orchestration"]),
        // The runtime, and what a worker binary puts around it.
        .library(name: "WorkerRuntime", targets: ["WorkerRuntime", "FleetProcess"]),
        .library(name: "FleetTestKit", targets: ["FleetTestKit"]),
    ],
    targets: [
        // Doors to C libraries; nothing else in them.
        .systemLibrary(name: "CRDKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .target(name: "CAllocationCounter", dependencies: ["CAllocator"], cSettings: allocator),
        .target(name: "CAllocator", cSettings: allocator, linkerSettings: usesSystemMalloc ? [] : [.linkedLibrary("mimalloc")]),
        .target(name: "CFleetSystem"),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CLanguageDetector", linkerSettings: [.linkedLibrary("cld2")]),
        .target(name: "CSpawn"),
        .systemLibrary(name: "CXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .target(
            name: "CSIMDJSON",
            cxxSettings: [.define("SIMDJSON_THREADS_ENABLED", to: "1")],
            linkerSettings: [.linkedLibrary("simdjson")]
        ),

        // A target may import only targets above it.
        library("Observability"),
        library("JSON", ["CSIMDJSON"]),
        library("Orchestration", ["JSON", "Observability"]),
        library("Wire", ["JSON", "Orchestration"]),
        library("KafkaClient", ["CFleetSystem", "CRDKafka", "JSON", "Observability", "Wire"]),
        library("Delivery"),
        library("Feedback", ["JSON", "Orchestration", "Wire"]),
        library("WorkerRuntime", ["Delivery", "Feedback", "JSON", "KafkaClient", "Observability", "Orchestration", "Wire"]),
        library("DrillOrchestrators", ["JSON", "Orchestration"]),
        library("ApplicationOrchestrators", ["Feedback", "JSON", "Orchestration", "Wire"]),
        // libm: debug builds call sqrt out of line.
        .target(
            name: "TextAnalysis",
            dependencies: ["CLanguageDetector"],
            swiftSettings: swiftSettings,
            linkerSettings: [.linkedLibrary("m")]
        ),
        library("DomainOrchestrators", ["CCurl", "CSpawn", "CXML2", "JSON", "Observability", "Orchestration", "TextAnalysis"]),
        library("ArgumentParser"),
        library("AdminServer", ["CMicroHTTPD", "Observability"]),
        library(
            "FleetProcess",
            [
                "AdminServer", "ArgumentParser", "CAllocator", "Delivery", "DrillOrchestrators", "Feedback", "JSON", "KafkaClient",
                "Observability", "Orchestration", "WorkerRuntime",
            ]
        ),

        library("DomainProcess", ["ArgumentParser", "DomainOrchestrators", "FleetProcess", "JSON", "Observability", "Orchestration"]),
        executable("domain-worker", ["ArgumentParser", "DomainProcess", "FleetProcess", "Observability", "Orchestration"]),
        executable("application-worker", ["ApplicationOrchestrators", "ArgumentParser", "FleetProcess", "Orchestration"]),
        executable("infrastructure-worker", ["ArgumentParser", "FleetProcess", "Observability", "Orchestration"]),
        executable("feedback-orchestrator", ["ArgumentParser", "Feedback", "FleetProcess", "WorkerRuntime"]),
        executable(
            "fleet",
            [
                "ApplicationOrchestrators", "ArgumentParser", "CAllocationCounter", "CRDKafka", "Delivery", "DomainProcess",
                "DrillOrchestrators", "Feedback", "FleetProcess", "JSON",
                "KafkaClient", "Observability", "Orchestration", "Wire", "WorkerRuntime",
            ]
        ),

        library("FleetTestKit", ["JSON", "KafkaClient", "Observability", "Orchestration", "Wire", "WorkerRuntime"]),

        // Support for tests: real Kafka, child processes, Python, kcat.
        .target(name: "KafkaProcess", path: "Tests/Support/KafkaProcess", swiftSettings: swiftSettings),

        tests("AdminServerTests", ["AdminServer", "Observability"]),
        tests(
            "ApplicationOrchestratorsTests",
            ["ApplicationOrchestrators", "Feedback", "JSON", "Observability", "Orchestration", "Wire"]
        ),
        tests("ArgumentParserTests", ["ArgumentParser"]),
        tests("DomainOrchestratorsTests", ["DomainOrchestrators", "JSON", "Observability", "Orchestration", "TextAnalysis"]),
        tests("DeliveryTests", ["Delivery"]),
        tests("FeedbackTests", ["Feedback", "JSON", "Orchestration", "Wire"]),
        tests(
            "FleetCommandTests",
            ["Feedback", "JSON", "KafkaClient", "KafkaProcess", "Observability", "Orchestration", "Wire", "WorkerRuntime", "fleet"]
        ),
        tests(
            "FleetProcessTests",
            [
                "ArgumentParser", "Delivery", "Feedback", "FleetProcess", "JSON", "KafkaClient", "KafkaProcess", "Observability",
                "Orchestration",
                "Wire",
                "WorkerRuntime", "feedback-orchestrator", "infrastructure-worker",
            ]
        ),
        tests(
            "FleetTestKitTests",
            ["FleetTestKit", "JSON", "KafkaClient", "KafkaProcess", "Observability", "Orchestration", "Wire", "WorkerRuntime"]
        ),
        tests("JSONTests", ["CSIMDJSON", "JSON"]),
        tests("KafkaClientTests", ["CRDKafka", "KafkaClient", "KafkaProcess", "Observability", "Wire", "WorkerRuntime"]),
        tests("KafkaProcessTests", ["KafkaProcess"]),
        tests("ObservabilityTests", ["Observability"]),
        tests("OrchestrationTests", ["FleetTestKit", "JSON", "Observability", "Orchestration"]),
        tests(
            "ReadmeTests",
            [
                "ArgumentParser", "FleetProcess", "FleetTestKit", "JSON", "KafkaProcess", "Observability", "Orchestration", "fleet",
            ]
        ),
        tests(
            "RealKafkaTests",
            [
                "Delivery", "DrillOrchestrators", "Feedback", "JSON", "KafkaClient", "KafkaProcess", "Observability", "Orchestration",
                "Wire", "WorkerRuntime",
                "application-worker", "domain-worker", "feedback-orchestrator", "fleet", "infrastructure-worker",
            ]
        ),
        tests("TextAnalysisTests", ["TextAnalysis"]),
        tests("WireTests", ["JSON", "KafkaProcess", "Orchestration", "Wire"], exclude: ["Corpus", "Golden"]),
        tests(
            "WorkerRuntimeTests",
            [
                "Delivery", "DrillOrchestrators", "Feedback", "FleetTestKit", "JSON", "KafkaClient", "KafkaProcess", "Observability",
                "Orchestration", "Wire", "WorkerRuntime",
            ]
        ),
    ],
    cxxLanguageStandard: .cxx17
)
