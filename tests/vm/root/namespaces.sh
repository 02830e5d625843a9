# shellcheck shell=bash
# Two network namespaces with a cable between them, for scripts in the machine.

# shellcheck disable=SC2034
ADDRESS4=10.55.0.2 ADDRESS6=fd55::2

# Namespaces `client` and `server`.
make_namespaces() {
	ip netns add client
	ip netns add server
	ip link add cable netns client type veth peer name cable netns server
	local side number
	for side in client server; do
		number=$([ "$side" = client ] && echo 1 || echo 2)
		ip -n "$side" address add "10.55.0.$number/24" dev cable
		ip -n "$side" address add "fd55::$number/64" dev cable nodad
		ip -n "$side" link set cable up
		ip -n "$side" link set lo up
	done
}

in_client() {
	ip netns exec client "$@"
}

in_server() {
	ip netns exec server "$@"
}

# wait_until SECONDS COMMAND... : until COMMAND succeeds.
wait_until() {
	local i
	for ((i = 0; i < $1 * 5; i++)); do
		! "${@:2}" >/dev/null 2>&1 || return 0
		sleep 0.2
	done
	echo "waited $1 seconds in vain for: ${*:2}"
	return 1
}
