#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz_ctl_seeds.py DIR: writes the first inputs of fuzz_ctl, one conversation a file."""
import json
import os
import struct
import sys

A = {"op": "addr.add", "name": "epair0a", "address": "192.0.2.1", "prefixlen": 24}
TALKS = {
    "empty": [],
    "if": [{"op": "if.create", "type": "epair"}, {"op": "if.list"}, {"op": "if.list", "name": "lo0"},
           {"op": "if.flags", "name": "epair0a", "set": ["up", "promisc"], "clear": ["debug", "noarp"]},
           {"op": "if.link", "name": "epair0a", "delay": 5, "rate": 1000, "queue": 3, "loss": 0.5, "pattern": "01", "seed": 3},
           {"op": "if.mtu", "name": "epair0a", "mtu": 9000}, {"op": "if.metric", "name": "epair0a", "metric": 3},
           {"op": "if.fib", "name": "epair0a", "fib": 0}, {"op": "if.cloners"},
           {"op": "if.lladdr", "name": "epair0a", "lladdr": "02:00:00:00:00:01"},
           {"op": "if.description", "name": "epair0a", "description": "to the left"},
           {"op": "if.rename", "name": "epair0a", "newname": "net0"}, {"op": "if.destroy", "name": "net0"}],
    "move": [{"op": "if.create", "type": "lo7"}, {"op": "if.move", "name": "lo7", "to": "web"},
             {"op": "if.reclaim", "name": "lo7", "from": "web"}],
    "addr": [{"op": "if.create", "type": "epair"}, A, dict(A, alias=True, address="192.0.2.3", broadcast="192.0.2.255"),
             dict(A, name="epair0b", destination="192.0.2.9", prefixlen=32),
             {"op": "addr.delete", "name": "epair0a", "address": "192.0.2.1"}],
    "route": [{"op": "if.create", "type": "epair"}, A,
              {"op": "if.flags", "name": "epair0a", "set": ["up"]},
              {"op": "route.add", "destination": "10.0.0.0", "prefixlen": 8, "gateway": "192.0.2.2", "flags": ["static"]},
              {"op": "route.change", "destination": "10.0.0.0", "prefixlen": 8, "gateway": "192.0.2.3", "mtu": 1400},
              {"op": "route.add", "destination": "10.1.0.0", "prefixlen": 16, "interface": "epair0a", "weight": 2, "metric": 1},
              {"op": "route.add", "destination": "10.2.0.0", "prefixlen": 16, "flags": ["blackhole"]},
              {"op": "route.get", "destination": "10.0.0.1"}, {"op": "route.list"}, {"op": "route.list", "fib": 0},
              {"op": "route.delete", "destination": "10.0.0.0", "prefixlen": 8}, {"op": "route.flush"}],
    "neigh": [{"op": "if.create", "type": "epair"}, A,
              {"op": "neigh.add", "address": "192.0.2.7", "lladdr": "02:00:00:00:00:07", "permanent": True, "published": True,
               "proxy": False}, {"op": "neigh.list"}, {"op": "neigh.list", "interface": "epair0a"},
              {"op": "neigh.delete", "address": "192.0.2.7"}],
    "sysctl": [{"op": "sysctl.list"}, {"op": "sysctl.list", "name": "net.inet.ip"},
               {"op": "sysctl.set", "name": "net.inet.ip.forwarding", "value": "1"},
               {"op": "sysctl.set", "name": "net.inet.ip.ttl", "value": "-1"}],
    "stat": [{"op": "stat.list"}, {"op": "stat.list", "proto": "tcp"}, {"op": "stat.accounts"}, {"op": "pcb.list"},
             {"op": "log.read", "after": 0, "clear": True}],
    "wrong": [{"op": "if.list", "bogus": 1}, {"op": 7}, {"op": "no.such"}, {"op": "if.mtu", "name": 3, "mtu": "x"},
              {"op": "if.flags", "name": "lo0", "set": {"up": 1}}, {"op": "addr.add", "name": "lo0", "address": "::1"}],
}
BYTES = {"toolong": b"\xff\xff\xff\xff{}", "zero": b"\0\0\0\0", "notobject": b"\0\0\0\2[]", "cut": b"\0\0\0\x20{\"op\":"}

for name, talk in TALKS.items():
    for piece in (0, 255):
        with open(os.path.join(sys.argv[1], f"{name}-{piece}"), "wb") as f:
            f.write(bytes([piece]))
            for msg in talk:
                text = json.dumps(msg, separators=(",", ":")).encode()
                f.write(struct.pack(">I", len(text)) + text)
for name, data in BYTES.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(b"\x07" + data)
