# Connects Ansible to a runner, through the galley that plays the playbook.
from __future__ import annotations

DOCUMENTATION = """
name: galley
author: galley
short_description: run tasks in a runner of galley
description:
  - Hands each command to the galley process that plays the playbook, which runs it in the container.
options:
  galley_socket:
    description: the socket at which galley listens
    type: str
    required: true
    env:
      - name: GALLEY_SOCKET
"""

import json
import shlex
import socket

from ansible.errors import AnsibleConnectionFailure, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    transport = "galley"
    has_pipelining = True

    def _connect(self):
        self._connected = True
        return self

    def close(self):
        self._connected = False

    def _call(self, argv, data=b""):
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.connect(self.get_option("galley_socket"))
                line.sendall(json.dumps({"argv": argv}).encode() + b"\n" + data)
                line.shutdown(socket.SHUT_WR)
                with line.makefile("rb") as answer:
                    head = json.loads(answer.readline() or b'{"error": "galley hung up"}')
                    if head.get("error"):
                        raise AnsibleConnectionFailure("galley: " + head["error"])
                    out, err = answer.read(head["stdout"]), answer.read(head["stderr"])
        except OSError as e:
            raise AnsibleConnectionFailure("galley does not answer: %s" % e)
        if len(out) + len(err) != head["stdout"] + head["stderr"]:
            raise AnsibleConnectionFailure("galley hung up")
        return head["code"], out, err

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._call(["/bin/sh", "-c", cmd], in_data or b"")

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        try:
            with open(in_path, "rb") as f:
                data = f.read()
        except FileNotFoundError:
            raise AnsibleFileNotFound("there is no file %s" % in_path)
        code, _, err = self._call(["/bin/sh", "-c", "cat > " + shlex.quote(out_path)], data)
        if code != 0:
            raise AnsibleConnectionFailure("cannot write %s: %s" % (out_path, err.decode(errors="replace")))

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        code, out, err = self._call(["/bin/sh", "-c", "cat < " + shlex.quote(in_path)])
        if code != 0:
            raise AnsibleFileNotFound("cannot read %s: %s" % (in_path, err.decode(errors="replace")))
        with open(out_path, "wb") as f:
            f.write(out)
