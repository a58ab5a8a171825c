"""Run the four servers of OpenStack Swift in one process: serve.py DIR ADDRESS PORT

The proxy, which speaks S3, listens on PORT; account, container and object server on the three ports above. One process
dies at once, as a machine does, and starts in a second.
"""
import logging.handlers
import sys

at, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])

# there is no syslog here; libraries of Swift reach for it when they are imported
logging.handlers.SysLogHandler.createSocket = lambda self: None
logging.handlers.SysLogHandler.emit = lambda self, record: print(self.format(record).replace("#012", "\n"), flush=True)

import eventlet

eventlet.monkey_patch(all=False, socket=True, select=True, thread=True)

from eventlet import wsgi
from swift.account import server as account
from swift.common import utils
from swift.common.http_protocol import SwiftHttpProtocol
from swift.common.ring import RingBuilder
from swift.common.wsgi import loadapp
from swift.container import server as container
from swift.obj import server as object_

STORES = {"account": account, "container": container, "object": object_}


class Cache(dict):
    """What Swift keeps in memcached, for which one process has no need."""

    def __bool__(self):
        return True

    def get(self, key, raise_on_error=False):
        return dict.get(self, key)

    def set(self, key, value, *args, **options):
        self[key] = value

    def incr(self, key, delta=1, time=0):
        self[key] = dict.get(self, key, 0) + delta
        return self[key]

    def decr(self, key, delta=1, time=0):
        return self.incr(key, -delta, time)

    def delete(self, key, server_key=None):
        self.pop(key, None)


def ring(kind, store_port):
    """Tell the proxy where a kind of thing is kept: all of it on the one disk."""
    builder = RingBuilder(1, 1, 0)
    builder.add_dev(dict(id=0, region=1, zone=1, weight=1, ip=address, port=store_port, device="disk"))
    builder.rebalance()
    builder.get_ring().save(f"{at}/{kind}.ring.gz")


def store(kind):
    conf = dict(swift_dir=at, devices=f"{at}/node", mount_check="false", fallocate_reserve="0", log_level="WARNING")
    app = STORES[kind].app_factory({}, **conf)
    if kind == "object":
        for manager in app._diskfile_router.policy_to_manager.values():
            manager.use_linkat = False  # it goes by /proc, which the tree has not got
    return app


def proxy():
    app, cache = loadapp(f"{at}/proxy.conf"), Cache()

    def serve(env, start_response):
        env["swift.cache"] = cache
        return app(env, start_response)

    return serve


def listen(app, app_port):
    socket = eventlet.listen((address, app_port), backlog=1024)
    # S3 clients look for "ETag", which must not be made "Etag"
    return eventlet.spawn(wsgi.server, socket, app, utils.NullLogger(), protocol=SwiftHttpProtocol,
                          capitalize_response_headers=False)


utils.set_swift_dir(at)
for i, kind in enumerate(STORES, 1):
    ring(kind, port + i)
servers = [listen(store(kind), port + i) for i, kind in enumerate(STORES, 1)] + [listen(proxy(), port)]
for server in servers:
    server.wait()
