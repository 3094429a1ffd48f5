/*
 * The load generator in C, for Linux: it only moves bytes, so that what is measured is the server. It opens connections,
 * sends frames that were composed beforehand and counts the messages that come back by the headers of their frames.
 *
 *     load MODE port=N pid=N connections=N inFlight=N script=FILE path=/ warmup=S seconds=S
 *
 * MODE is one of
 *   echo        each connection keeps inFlight messages under way; or sends one every so many ms, with `every`
 *   fanOut      the first connection sends a message and waits until every connection has got it
 *   handshakes  `connections` handshakes at a time, each connection ended as soon as it is open
 *
 * The script holds messages, each after its length of four bytes, little-endian. Every connection sends them in order,
 * again and again. `extensions` goes into the handshake. SIGTERM ends the measurement before its
 * time; with `ready=true`, a line says when it begins. The result is a line of JSON, as `task.js` describes it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* One loopback address has ports for fewer connections than this. */
#define PER_ADDRESS 5000
#define EVENTS 512
/* How long a handshake, or what is under way, may take, in seconds. */
#define PATIENCE 30
/* Round trips are counted in microseconds, up to the longest that is waited for. */
#define HISTOGRAM (PATIENCE * 1000000)
#define SCRIPT_SIZE (4 << 20)

typedef struct {
  int fd;
  int index;
  bool open;
  bool wants_out;
  /* The bytes to send: `unsent` bytes from `at` in the script; `next` is the message after them. */
  size_t at, unsent;
  size_t next;
  /* The frame that is being read: its header so far, then what is left of its payload. */
  uint8_t header[10];
  int header_size;
  uint64_t payload_left;
  char head[2048];
  size_t head_size;
  /* When the message under way was sent; when the next one is due, 0 while one is under way. */
  double sent_at, due;
} Connection;

static struct {
  char mode[16];
  int port, pid, connections, in_flight;
  double warmup, seconds, every;
  bool tells_ready;
  const char *script, *path, *extensions;
} task = {.path = "/", .in_flight = 1, .connections = 1, .warmup = 1, .seconds = 1, .extensions = ""};

static uint8_t *script;
static size_t script_size, message_count;
static size_t *message_end;

static uint8_t buffer[256 * 1024];
static char request[1024];
static size_t request_size;
static int poller;
static bool is_fan_out, is_handshakes, is_timed;
static uint64_t messages, bytes_back, opened;
static uint32_t *times;
static uint64_t times_count;
static Connection *connections;

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

/* The CPU time that a process has used, in seconds. */
static double cpu_seconds(int pid) {
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file || !fgets(line, sizeof line, file)) fail("Cannot read %s", path);
  fclose(file);
  char *field = strrchr(line, ')') + 2;
  unsigned long user = 0, system = 0;
  for (int i = 0; i < 11; i++) field = strchr(field, ' ') + 1;
  sscanf(field, "%lu %lu", &user, &system);
  return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static double busy_seconds(void) {
  unsigned long long user, nice, system, idle, wait, irq, soft;
  FILE *file = fopen("/proc/stat", "r");
  if (!file || fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq, &soft) != 7)
    fail("Cannot read /proc/stat");
  fclose(file);
  return (double)(user + nice + system + irq + soft) / sysconf(_SC_CLK_TCK);
}

static double own_cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void read_script(void) {
  FILE *file = fopen(task.script, "rb");
  if (!file) fail("Cannot open %s", task.script);
  fseek(file, 0, SEEK_END);
  size_t size = ftell(file);
  rewind(file);
  uint8_t *raw = malloc(size);
  if (size == 0 || fread(raw, 1, size, file) != size) fail("Cannot read %s", task.script);
  fclose(file);
  /* A short script is repeated, so that what is to be sent leaves in one write. */
  size_t copies = 1 + SCRIPT_SIZE / size;
  script = malloc(size * copies);
  message_end = malloc(size / 4 * copies * sizeof *message_end);
  for (size_t copy = 0; copy < copies; copy++) {
    for (size_t at = 0; at + 4 <= size;) {
      uint32_t length;
      memcpy(&length, raw + at, 4);
      memcpy(script + script_size, raw + at + 4, length);
      message_end[message_count++] = script_size += length;
      at += 4 + length;
    }
  }
  free(raw);
}

static void watch(Connection *c, bool out) {
  if (c->wants_out == out) return;
  c->wants_out = out;
  struct epoll_event event = {.events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

/* Writes what is to be sent, in one piece as long as the script does not end within it. */
static void flush(Connection *c) {
  while (c->unsent > 0) {
    size_t want = c->unsent;
    struct iovec parts[2] = {{script + c->at, want}};
    int count = 1;
    if (c->at + want > script_size) {
      parts[0].iov_len = script_size - c->at;
      size_t rest = want - parts[0].iov_len;
      parts[1] = (struct iovec){script, rest > script_size ? script_size : rest};
      count = 2;
    }
    ssize_t written = writev(c->fd, parts, count);
    if (written < 0) {
      if (errno != EAGAIN) fail("Cannot write: %s", strerror(errno));
      watch(c, true);
      return;
    }
    c->at = (c->at + written) % script_size;
    c->unsent -= written;
  }
  watch(c, false);
}

static void send_messages(Connection *c, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    size_t start = c->next == 0 ? 0 : message_end[c->next - 1];
    c->unsent += message_end[c->next] - start;
    c->next = (c->next + 1) % message_count;
  }
  if (!c->wants_out) flush(c);
}

/* Counts the messages that end in what was read. */
static uint64_t count_messages(Connection *c, const uint8_t *bytes, size_t size) {
  uint64_t count = 0;
  for (size_t at = 0; at < size;) {
    if (c->payload_left > 0) {
      size_t part = size - at < c->payload_left ? size - at : c->payload_left;
      at += part;
      c->payload_left -= part;
    } else {
      c->header[c->header_size++] = bytes[at++];
      int need = c->header_size < 2 ? 2 : c->header[1] < 126 ? 2 : c->header[1] == 126 ? 4 : 10;
      if (c->header_size < need) continue;
      c->payload_left = c->header[1];
      if (need > 2) {
        c->payload_left = 0;
        for (int i = 2; i < need; i++) c->payload_left = c->payload_left << 8 | c->header[i];
      }
      if (c->header[0] == 0x88) fail("The server closed a connection");
    }
    if (c->payload_left == 0 && c->header_size > 0) {
      c->header_size = 0;
      if ((c->header[0] & 0x88) == 0x80) count++;
    }
  }
  return count;
}

static void on_messages(Connection *c, uint64_t count) {
  if (count == 0) return;
  messages += count;
  if (is_fan_out) {
    if (messages % task.connections == 0) send_messages(&connections[0], 1);
    return;
  }
  if (is_timed) {
    double time = now();
    long micros = (time - c->sent_at) * 1e6;
    times[micros < HISTOGRAM ? micros : HISTOGRAM - 1]++;
    times_count++;
    c->due = c->sent_at + task.every > time ? c->sent_at + task.every : time;
    c->sent_at = time;
    if (task.every > 0) return;
  }
  send_messages(c, count);
}

static void start(Connection *c) {
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0) fail("Cannot open a socket: %s", strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(task.port)};
  int host = is_handshakes ? c->index : c->index / PER_ADDRESS;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) fail("Cannot connect: %s", strerror(errno));
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  c->open = c->wants_out = false;
  c->head_size = 0;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
  if (write(c->fd, request, request_size) != (ssize_t)request_size) fail("Cannot send the handshake");
}

/* Takes the head of the response; frames follow it. */
static void on_head(Connection *c, const uint8_t *bytes, size_t size) {
  size_t room = sizeof c->head - 1 - c->head_size, part = size < room ? size : room;
  memcpy(c->head + c->head_size, bytes, part);
  c->head[c->head_size + part] = 0;
  char *end = strstr(c->head, "\r\n\r\n");
  if (!end) {
    c->head_size += part;
    if (part == room) fail("The head of the answer is too long");
    return;
  }
  if (strncmp(c->head, "HTTP/1.1 101 ", 13)) fail("The server refused the handshake: %s", c->head);
  if (*task.extensions && !strcasestr(c->head, "permessage-deflate")) fail("The server does not compress: %s", c->head);
  c->open = true;
  opened++;
  if (is_handshakes) {
    close(c->fd);
    start(c);
    return;
  }
  size_t used = end + 4 - c->head - c->head_size;
  on_messages(c, count_messages(c, bytes + used, size - used));
}

static void on_readable(Connection *c) {
  ssize_t size = read(c->fd, buffer, sizeof buffer);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) fail("The server ended a connection: %s", size < 0 ? strerror(errno) : "end");
  if (!c->open) return on_head(c, buffer, size);
  bytes_back += size;
  on_messages(c, count_messages(c, buffer, size));
}

/* A load next to another one ends with SIGTERM. */
static volatile sig_atomic_t stopped;

static void stop(int number) {
  stopped = number;
}

/* Sends what is due. */
static double send_due(void) {
  double next = 1e9, time = now();
  for (int i = 0; task.every > 0 && i < task.connections; i++) {
    Connection *c = &connections[i];
    if (c->due == 0) continue;
    if (c->due > time) {
      next = c->due - time < next ? c->due - time : next;
      continue;
    }
    c->sent_at = time;
    c->due = 0;
    send_messages(c, 1);
  }
  return next;
}

static void run_until(double time) {
  static struct epoll_event events[EVENTS];
  for (double left; !stopped && (left = time - now()) > 0;) {
    double next = send_due();
    int count = epoll_wait(poller, events, EVENTS, (next < left ? next : left) * 1000 + 1);
    for (int i = 0; i < count; i++) {
      Connection *c = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) flush(c);
      if (events[i].events & ~EPOLLOUT) on_readable(c);
    }
  }
}

/*
 * Runs on until all that is under way has come back once more: a server may answer nothing before it has read all that
 * there is, and then all at once.
 */
static void run_until_back(uint64_t before) {
  uint64_t all = (uint64_t)task.in_flight * task.connections;
  if (strcmp(task.mode, "echo")) return;
  for (double limit = now() + PATIENCE; !stopped && messages - before < all && now() < limit;) run_until(now() + 0.01);
}

static long percentile(double part) {
  int64_t left = times_count * part;
  for (int at = 0; at < HISTOGRAM; at++)
    if ((left -= times[at]) <= 0) return at + 1;
  return HISTOGRAM;
}

static void read_arguments(int count, char **arguments) {
  if (count < 2) fail("Usage: load MODE key=value ...");
  snprintf(task.mode, sizeof task.mode, "%s", arguments[1]);
  for (int i = 2; i < count; i++) {
    char *value = strchr(arguments[i], '=');
    if (!value) fail("Cannot take %s: expected key=value", arguments[i]);
    *value++ = 0;
    const char *key = arguments[i];
    if (!strcmp(key, "port")) task.port = atoi(value);
    else if (!strcmp(key, "pid")) task.pid = atoi(value);
    else if (!strcmp(key, "connections")) task.connections = atoi(value);
    else if (!strcmp(key, "inFlight")) task.in_flight = atoi(value);
    else if (!strcmp(key, "warmup")) task.warmup = atof(value);
    else if (!strcmp(key, "seconds")) task.seconds = atof(value);
    else if (!strcmp(key, "every")) task.every = atof(value) / 1000;
    else if (!strcmp(key, "script")) task.script = value;
    else if (!strcmp(key, "ready")) task.tells_ready = !strcmp(value, "true");
    else if (!strcmp(key, "path")) task.path = value;
    else if (!strcmp(key, "extensions")) task.extensions = value;
    else fail("Cannot take %s", key);
  }
  is_fan_out = !strcmp(task.mode, "fanOut");
  is_handshakes = !strcmp(task.mode, "handshakes");
  is_timed = !strcmp(task.mode, "echo") && task.in_flight == 1;
  if (!is_fan_out && !is_handshakes && strcmp(task.mode, "echo")) fail("Unknown mode: %s", task.mode);
}

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, stop);
  read_arguments(count, arguments);
  if (!is_handshakes) read_script();
  request_size = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s\r\n",
                          task.path, *task.extensions ? "Sec-WebSocket-Extensions: " : "", task.extensions,
                          *task.extensions ? "\r\n" : "");
  poller = epoll_create1(0);
  times = calloc(HISTOGRAM, sizeof *times);
  connections = calloc(task.connections, sizeof *connections);
  for (int i = 0; i < task.connections; i++) {
    connections[i].index = i;
    start(&connections[i]);
    /* One after another, as the server's backlog is limited. */
    for (double limit = now() + PATIENCE; !is_handshakes && !connections[i].open;) {
      if (now() > limit) fail("The server did not answer the handshake within %d s", PATIENCE);
      run_until(now() + 0.0002);
    }
  }
  if (is_fan_out) send_messages(&connections[0], 1);
  for (int i = 0; i < task.connections && !is_fan_out && !is_handshakes; i++) {
    connections[i].sent_at = now();
    send_messages(&connections[i], task.in_flight);
  }
  if (task.tells_ready) {
    printf("READY\n");
    fflush(stdout);
  }
  run_until(now() + task.warmup);
  run_until_back(0);
  free(times);
  times = calloc(HISTOGRAM, sizeof *times);
  times_count = 0;
  uint64_t *counter = is_handshakes ? &opened : &messages;
  uint64_t before = *counter, bytes_before = bytes_back;
  double begin = now(), cpu = cpu_seconds(task.pid), own = own_cpu(), busy = busy_seconds();
  run_until(begin + task.seconds);
  run_until_back(before);
  double seconds = now() - begin;
  cpu = cpu_seconds(task.pid) - cpu;
  own = own_cpu() - own;
  double others = (busy_seconds() - busy - cpu - own) / seconds;
  uint64_t units = *counter - before;
  /* A connection that floods may receive nothing in that time. */
  if (units == 0 && !stopped) fail("Nothing came back within %d s", PATIENCE);
  printf("{\"units\":%lu,\"wire\":%lu,\"seconds\":%.6f,\"cpu\":%.3f,\"load\":%.4f,\"others\":%.3f", units,
         bytes_back - bytes_before, seconds, cpu, own / seconds, others > 0 ? others : 0);
  if (is_timed) printf(",\"p50\":%ld,\"p90\":%ld,\"p99\":%ld", percentile(0.5), percentile(0.9), percentile(0.99));
  printf("}\n");
  return 0;
}
