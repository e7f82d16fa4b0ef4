import Glibc
import SimulatedEnsemble

// soak --seeds FROM..TO [--minutes M] [--control NAME] [--threads N] [--keep-going]
// soak --timeline SEED [--control NAME]
// soak --controls [--seeds FROM..TO]: how many seeds each negative control needs

let request: SoakRequest
do {
    request = try SoakRequest(CommandLine.arguments.dropFirst())
} catch {
    print("soak: \(error.message)")
    exit(64)
}
switch request.task {
case .timeline(let seed): exit(Soak.printTimeline(seed, control: request.control) ? 1 : 0)
case .controls: exit(Soak.tryControls(request) ? 0 : 1)
case .seeds: exit(Soak.run(request) ? 0 : 1)
}
