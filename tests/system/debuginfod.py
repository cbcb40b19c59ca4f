#!/usr/bin/env python3
"""Debug files from servers: what they have is taken, and one that does not answer is asked once."""
import ctypes
import http.server
import threading

from harness import *

need_events()
if not all(map(shutil.which, ("strip", "objcopy"))):
    skip("there are no binutils")
try:
    ctypes.CDLL("libdebuginfod.so.1")
except OSError:
    skip("libdebuginfod.so.1 is not installed")

signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # clients may hang up
out = SCRATCH / "out.folded"
names = ("running", "replacing")
for name in names:
    subprocess.run(["strip", "-s", WORKLOADS / name, "-o", SCRATCH / name], check=True)
    subprocess.run(["objcopy", "--only-keep-debug", WORKLOADS / name, SCRATCH / f"{name}.debug"],
                   check=True)
asked = []
answer = None


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        body = answer()
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()


def profile(title, reply, **environment):
    """Both programs, while the server replies so."""
    global answer
    print(title)
    answer = reply
    asked.clear()
    shutil.rmtree(SCRATCH / "cache", ignore_errors=True)
    done = fiq("run", "-f", 499, "-o", out, "--", "sh", "-c",
               " && ".join(f"{SCRATCH / name} 0.2" for name in names),
               env={**os.environ, "DEBUGINFOD_URLS": f"http://127.0.0.1:{server.server_port}",
                    "DEBUGINFOD_CACHE_PATH": str(SCRATCH / "cache"), **environment})
    expect(done.returncode == 0, "ends with 0")
    return folded(out), done.stderr


kept = (SCRATCH / "running.debug").read_bytes()
stacks, said = profile("a server that has one of the files, and gives it for all", lambda: kept)
expect(count_of(stacks, "running_work") > 0, "names are from there")
expect(not count_of(stacks, "replacing_work"), "a file that does not fit gives none")

stacks, said = profile("one that gives anything", lambda: os.urandom(50000))
expect(not count_of(stacks, "running_work") and len(asked) > 1, f"{len(asked)} requests, no names")

stacks, said = profile("one that has nothing", lambda: None)
expect(not count_of(stacks, "running_work") and len(asked) > 1, f"{len(asked)} requests, no names")

gone = threading.Event()
stacks, said = profile("one that does not answer", lambda: gone.wait(100) and None,
                       DEBUGINFOD_TIMEOUT="3", DEBUGINFOD_RETRY_LIMIT="1")
gone.set()
# The client itself may repeat the question for that file.
expect(total(stacks) > 0 and len(set(asked)) == 1, f"asked for {len(set(asked))} files")
expect("it is not asked any more" in " ".join(said.split()), f"says so: {said}")

finish()
