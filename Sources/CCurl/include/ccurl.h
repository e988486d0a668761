// The door to libcurl: its public header, and plain functions over the variadic ones, which Swift cannot call.
#ifndef CCURL_H
#define CCURL_H

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/// libcurl's global initialisation; call it once, before anything else.
CURLcode ccurl_global_init(void);

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_set_size(CURL *handle, CURLoption option, int64_t value);
CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value);

/// Sets the body of a POST; libcurl copies it.
CURLcode ccurl_set_post_body(CURL *handle, const void *bytes, size_t count);

/// Called with a piece of the body; returns how many bytes it took, fewer to end the transfer.
typedef size_t (*ccurl_write_callback)(char *bytes, size_t size, size_t count, void *user);
CURLcode ccurl_set_write(CURL *handle, ccurl_write_callback callback, void *user);

/// Called with an address libcurl is about to connect to; returns a socket for it, or `CURL_SOCKET_BAD` to refuse it.
typedef curl_socket_t (*ccurl_open_socket_callback)(void *user, curlsocktype purpose, struct curl_sockaddr *address);
CURLcode ccurl_set_open_socket(CURL *handle, ccurl_open_socket_callback callback, void *user);

/// A socket for the address, closed on exec, or `CURL_SOCKET_BAD`.
curl_socket_t ccurl_open_socket(const struct curl_sockaddr *address);
/// The address itself: the last member of `curl_sockaddr`, whose storage is larger than the type it is declared with.
const struct sockaddr *ccurl_socket_address(const struct curl_sockaddr *address);

CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value);
CURLcode ccurl_get_string(CURL *handle, CURLINFO info, const char **value);
CURLcode ccurl_get_pointer(CURL *handle, CURLINFO info, void **value);

/// The result a finished transfer's message carries.
CURLcode ccurl_message_result(const CURLMsg *message);

#endif
