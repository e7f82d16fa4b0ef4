import Glibc
import Invocation
import POSIX
import Recipes
import Run
import Supervision
import ZooKeeper

/// `--dry-run`: one line on standard output, and the exit code that the decision gives.
struct DryRun {
    let plan: Plan
    let codes: ExitCode

    func perform() -> Int32 {
        let preview = Preview(plan: plan)
        let job = plan.job.lockname
        ThreadShortage.isMet {
            Screen.complain("\(job): \(ThreadShortage.message)")
            exit(codes.code(for: Ended(outcome: .osError)))
        }
        let loop: EventLoop
        do { loop = try EventLoop() } catch {
            Screen.complain("\(job): \(error.message)")
            return codes.code(for: Ended(outcome: .osError))
        }
        let answer = loop.run {
            await Client.briefly(
                servers: plan.servers, sessionTimeout: plan.sessionTimeout, access: plan.access, inbox: loop
            ) { await preview.perform(asking: $0, on: loop) }
        }
        guard let answer else {
            Screen.complain("\(job): internal error: the dry run stopped before its end")
            return codes.code(for: Ended(outcome: .osError))
        }
        switch answer {
        case .forecast(let forecast):
            Screen.print(
                "\(job): \(forecast.sentence)\n", failureCode: codes.code(for: Ended(outcome: .osError)))
            return forecast.outcome.map { codes.code(for: Ended(outcome: $0)) } ?? 0
        case .failed(let ended):
            Screen.complain("\(job): \(ended.reason ?? ended.outcome.rawValue)")
            return codes.code(for: ended)
        }
    }
}
