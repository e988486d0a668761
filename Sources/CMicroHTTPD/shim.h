// The door to GNU libmicrohttpd (Debian: libmicrohttpd-dev, 0.9.75).
#ifndef CMICROHTTPD_SHIM_H
#define CMICROHTTPD_SHIM_H

#include <sys/socket.h>
#include <microhttpd.h>

/// Starts a daemon that serves all connections from one thread of its own; NULL and errno on failure.
///
/// MHD_start_daemon is variadic and cannot be called from Swift. It polls with poll(2): with epoll (edge-triggered), 0.9.75 misses the end
/// of a connection that came together with the last bytes, and keeps the connection until its timeout.
static inline struct MHD_Daemon *cmicrohttpd_start(
    const struct sockaddr *address,
    MHD_AccessHandlerCallback handler,
    void *handler_argument,
    unsigned int connection_limit,
    unsigned int timeout_seconds,
    size_t connection_memory)
{
    unsigned int flags = MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD;
    if (address->sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handler, handler_argument,
        MHD_OPTION_SOCK_ADDR, address,
        MHD_OPTION_CONNECTION_LIMIT, connection_limit,
        MHD_OPTION_CONNECTION_TIMEOUT, timeout_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory,
        MHD_OPTION_END);
}

/// The port that the daemon listens on, 0 if unknown.
///
/// MHD_get_daemon_info is variadic and cannot be called from Swift.
static inline unsigned int cmicrohttpd_port(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info == NULL ? 0 : info->port;
}

#endif
