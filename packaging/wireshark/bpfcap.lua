-- SPDX-License-Identifier: MIT
-- bpfcap.lua - makes fields of what bpfcap writes in the comment of a packet (docs/pcapng.md), for
-- filters and columns: bpfcap.reason == "NO_SOCKET".

local proto = Proto("bpfcap", "bpfcap: where the kernel saw the packet")

local text = {
	hook = ProtoField.string("bpfcap.hook", "Hook"),
	reason = ProtoField.string("bpfcap.reason", "Drop reason"),
	["function"] = ProtoField.string("bpfcap.function", "Place"),
	process = ProtoField.string("bpfcap.process", "Process"),
	owner = ProtoField.string("bpfcap.owner", "Owner of the socket"),
	gather = ProtoField.string("bpfcap.gather", "Other hooks"),
}
local pid = ProtoField.uint32("bpfcap.pid", "Process ID")
local netns = ProtoField.string("bpfcap.netns", "Network namespace")

proto.fields = {
	text.hook, text.reason, text["function"], text.process, text.owner, text.gather, pid, netns,
}

local comment = Field.new("frame.comment")
local interface = Field.new("frame.interface_description")

function proto.dissector(buffer, pinfo, root)
	local found = comment()
	if not found or not found.value:find("^hook: ") then
		return
	end
	local tree = root:add(proto)
	for name, value in found.value:gmatch("(%w+): ([^\n]*)") do
		if text[name] then
			tree:add(text[name], value)
		end
		if name == "process" and value:find(" %d+$") then
			tree:add(pid, tonumber(value:match(" (%d+)$")))
		end
	end
	local where = interface()
	if where and where.value:find("network namespace ") then
		tree:add(netns, where.value:match("network namespace (.+)$"))
	end
end

register_postdissector(proto)
