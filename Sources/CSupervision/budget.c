// How long before the deadline a tree has to be killed, as the guardian sees it: by its size, and by how late the guardian is.
#define _GNU_SOURCE
#include "guard.h"
#include "cgroup.h"

#include <unistd.h>

// How much the killing of a tree takes for each process, and for each GB that is resident, on a busy processor: estimates, by what
// prototypes took (0.04 to 0.18 ms in a cgroup; 70 ms for a GB).
static const int64_t PROCESS_BY_CGROUP_NS = SW_MILLISECOND_NS / 5;
static const int64_t PROCESS_BY_WALK_NS = SW_MILLISECOND_NS / 2;
static const int64_t GIGABYTE_NS = 150 * SW_MILLISECOND_NS;
/// Of each other process on the processor, before it is a waiting guardian's turn again: a slice lasts until the next tick, of 4 ms
/// on most kernels. Measured: 300 processes by the walk took up to 4.9 s.
static const int64_t TURN_NS = 5 * SW_MILLISECOND_NS;
/// In one turn, by the walk: a look at a process and a signal took some 20 us.
enum { STOPPED_IN_A_TURN = 150 };
static const int64_t LEAST_BUDGET_NS = 2 * SW_SECOND_NS;
enum { LATENESS_COUNTS = 3 };     // times, since the next may be worse than those seen
enum { MEASURING_SHARE = 50 };    // of the time, one part goes into counting the tree at the most
static const int64_t MEASURING_NS = 10 * SW_MILLISECOND_NS;

void sw_guard_measure(sw_guard *guard, const sw_message *message) {
    int64_t now_ns = sw_now_ns();
    int64_t heard_from_ns = message->sent_at_ns > guard->started_ns ? message->sent_at_ns : guard->started_ns;
    int64_t late_ns = now_ns - heard_from_ns;
    guard->lateness_ns[guard->measured++ % SW_LATENESS_KEPT] = message->sent_at_ns > 0 && late_ns > 0 ? late_ns : 0;
    if (guard->deadman.phase == SW_IDLE || guard->deadman.phase == SW_KILLING || now_ns < guard->measure_again_ns) return;
    guard->size = sw_tree_measure(now_ns + MEASURING_NS);
    int64_t took_ns = sw_now_ns() - now_ns;
    guard->measure_again_ns = now_ns + MEASURING_SHARE * took_ns;
}

static bool is_by_walk(const sw_guard *guard) {
    return !sw_cgroup_is_held() || guard->is_outside;
}

static int64_t budget_of_size_ns(const sw_guard *guard) {
    int64_t each_ns = is_by_walk(guard) ? PROCESS_BY_WALK_NS : PROCESS_BY_CGROUP_NS;
    int64_t pages_in_gigabyte = (INT64_C(1) << 30) / sysconf(_SC_PAGESIZE);
    return guard->size.processes * each_ns + guard->size.resident_pages * GIGABYTE_NS / pages_in_gigabyte;
}

/// Of a guardian that has to wait its turn with them, should all become busy on its processor: the first one when it has just had
/// one, for SIGTERM.
static int64_t turns_ns(const sw_guard *guard) {
    if (sw_scheduling_is_real_time()) return 0;
    int64_t ahead = 2 * guard->size.processes;
    if (is_by_walk(guard)) {
        for (int64_t left = guard->size.processes; left > 0; left -= STOPPED_IN_A_TURN) ahead += left;
    }
    return ahead * TURN_NS;
}

void sw_guard_acknowledge(sw_guard *guard, uint64_t seq) {
    int64_t worst_ns = 0, size_ns = budget_of_size_ns(guard);
    for (int i = 0; i < SW_LATENESS_KEPT; i++) {
        if (guard->lateness_ns[i] > worst_ns) worst_ns = guard->lateness_ns[i];
    }
    int64_t late_ns = LATENESS_COUNTS * worst_ns, waiting_ns = turns_ns(guard);
    int64_t budget_ns = size_ns + (late_ns > waiting_ns ? late_ns : waiting_ns);
    sw_guard_report(guard, (sw_message){
        .type = SW_ACK,
        .seq = seq,
        .number = guard->size.processes,
        .term_at_ns = size_ns,
        .budget_ns = budget_ns > LEAST_BUDGET_NS ? budget_ns : LEAST_BUDGET_NS,
    });
}
