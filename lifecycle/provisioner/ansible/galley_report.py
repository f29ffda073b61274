# Reports to galley what a play changed, beside whatever callback prints it for people,
# and keeps a play on the user's own machine from changing that.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = """
name: galley_report
type: aggregate
short_description: reports changes to galley
description:
  - Prints lines that galley reads and does not show.
"""

import json
import os
import sys

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import action_loader, lookup_loader

MARK = "\x1egalley: "


def refuse(what):
    raise AnsibleError("%s acts on the machine that galley runs on, not on the runner. "
                       "Run Ansible in the runner (provisioner.ansible_from: runner), or replace it" % what)


def guard(loader, kind, names):
    """Makes the named plugins of Ansible itself fail, by whichever name they are asked for."""
    load = loader.get_with_context

    def get_with_context(name, *args, **kwargs):
        found = load(name, *args, **kwargs)
        collection, _dot, short = str(name).rpartition(".")
        if short in names and collection in ("", "ansible.builtin", "ansible.legacy") and found.object is not None:
            keep = found.object.run

            def run(*args, **kwargs):
                terms = args[0] if args else kwargs.get("terms")
                if short == "password" and isinstance(terms, list) and all(str(t).startswith("/dev/null") for t in terms):
                    return keep(*args, **kwargs)
                return refuse("the %s %s" % (kind, short))

            found.object.run = run
        return found

    loader.get_with_context = get_with_context


if os.environ.get("GALLEY_ON_HOST"):
    guard(action_loader, "module", ("fetch",))
    guard(lookup_loader, "lookup", ("lines", "password", "pipe"))


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "galley_report"
    CALLBACK_NEEDS_WHITELIST = False
    CALLBACK_NEEDS_ENABLED = False

    def _say(self, kind, value):
        sys.stdout.flush()
        sys.stdout.write("%s%s %s\n" % (MARK, kind, json.dumps(value)))
        sys.stdout.flush()

    def v2_runner_on_ok(self, result):
        if result.is_changed():
            self._say("changed", result._task.get_name())

    def v2_playbook_on_stats(self, stats):
        total = {}
        for host in stats.processed:
            for name, count in stats.summarize(host).items():
                total[name] = total.get(name, 0) + count
        self._say("stats", total)
