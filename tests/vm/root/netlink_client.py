#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""An independent client of the family netatop: knows it by its description alone, and speaks
through python3-pyroute2. Prints one JSON object for each message.

    netlink_client.py DESCRIPTION do|dump OPERATION [ATTRIBUTE=VALUE...]
    netlink_client.py DESCRIPTION listen GROUP COUNT
"""
import json
import struct
import sys

import yaml
from pyroute2.netlink import NLM_F_DUMP, NLM_F_REQUEST, genlmsg, nla
from pyroute2.netlink.generic import GenericNetlinkSocket

KINDS = {"pad": "none", "flag": "flag", "u8": "uint8", "u16": "uint16", "u32": "uint32",
         "u64": "uint64", "string": "asciiz", "binary": "cdata", "nest": "nest"}
FORMATS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}


class Family:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.description = yaml.safe_load(file)
        sets = {one["name"]: one["attributes"] for one in self.description["attribute-sets"]}
        self.attributes = self.numbered(sets[self.description["name"]])
        self.structs = {one["name"]: one["members"]
                        for one in self.description.get("definitions", [])
                        if one["type"] == "struct"}
        table = tuple((number, one["name"], KINDS[one["type"]])
                      for number, one in self.attributes.items())
        # None of ours is nested twice.
        nest = type("nest", (nla,), {"nla_map": tuple(one for one in table if one[2] != "nest"),
                                     "prefix": ""})
        self.message = type("message", (genlmsg,), {"nla_map": table, "prefix": "", "nest": nest})

    @staticmethod
    def numbered(attributes):
        numbers, number = {}, 0
        for one in attributes:
            number = one.get("value", number + 1)
            numbers[number] = one
        return numbers

    def operation(self, name):
        return next(one for one in self.description["operations"]["list"] if one["name"] == name)

    def named(self, name):
        return next(one for one in self.attributes.values() if one["name"] == name)

    def value_of(self, name, value):
        attribute = self.named(name)
        if attribute["type"] == "nest":
            return self.values_of(value)
        if "struct" not in attribute:
            return value.hex() if isinstance(value, bytes) else value
        members = self.structs[attribute["struct"]]
        layout = "=" + "".join(FORMATS[member["type"]] for member in members)
        # What a later module appends is not known here.
        numbers = struct.unpack_from(layout, value)
        return {member["name"]: number for member, number in zip(members, numbers)}

    def values_of(self, message):
        return {name: self.value_of(name, value) for name, value in message["attrs"]}

    def show(self, message):
        print(json.dumps(self.values_of(message)), flush=True)


class Socket(GenericNetlinkSocket):
    def __init__(self, family):
        super().__init__()
        self.family = family
        self.bind(family.description["name"], family.message)

    def ask(self, mode, name, wanted):
        message = self.family.message()
        message["cmd"] = self.family.operation(name)[mode]["request"]["value"]
        message["version"] = self.family.description["version"]
        for text in wanted:
            key, _, value = text.partition("=")
            kind = self.family.named(key)["type"]
            message["attrs"].append((key, True if kind == "flag" else int(value)))
        flags = NLM_F_REQUEST | (NLM_F_DUMP if mode == "dump" else 0)
        for answer in self.nlm_request(message, msg_type=self.prid, msg_flags=flags):
            self.family.show(answer)

    def listen(self, group, count):
        self.add_membership(group)
        print("listening", file=sys.stderr, flush=True)
        while count > 0:
            for event in self.get():
                self.family.show(event)
                count -= 1


def main(arguments):
    family = Family(arguments[0])
    with Socket(family) as socket:
        if arguments[1] == "listen":
            socket.listen(arguments[2], int(arguments[3]))
        else:
            socket.ask(arguments[1], arguments[2], arguments[3:])


main(sys.argv[1:])
