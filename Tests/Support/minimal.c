// The least that a job under a ZooKeeper lock can cost: connect, create one ephemeral node, posix_spawn, close.
//
//     minimal HOSTS NODE COMMAND [ARG...]

#define THREADED
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <zookeeper/zookeeper.h>

extern char **environ;

int main(int argc, char **argv) {
    if (argc < 4) return 64;
    zoo_set_debug_level(0);
    zhandle_t *handle = zookeeper_init(argv[1], NULL, 30000, NULL, NULL, 0);
    if (!handle) return 69;
    // Queued before the session is there; sent with the handshake's answer.
    int code = zoo_create(handle, argv[2], "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0);
    if (code != ZOK) {
        fprintf(stderr, "minimal: %s: %s\n", argv[2], zerror(code));
        return 69;
    }
    pid_t pid;
    int status = 0;
    if (posix_spawnp(&pid, argv[3], NULL, NULL, argv + 3, environ) != 0) return 71;
    waitpid(pid, &status, 0);
    zookeeper_close(handle);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
