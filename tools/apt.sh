# SPDX-License-Identifier: MIT
# tools/apt.sh - apt with a configuration, state and cache of its own, on the system's mirrors.
#
# apt_private DIR TYPE SUITE...: sets it up in DIR (absolute; removed by the caller) for packages
# (TYPE deb) or sources (deb-src) of these Debian suites and exports APT_CONFIG, so that apt-get
# and apt-cache then use it. The system's sources, lists and packages are not touched. A suite
# that a mirror does not have (any more) is passed over. $apt_arch is the architecture, amd64 where
# it is not set. Returns 1 with a line in DIR/log.
apt_private()
{
	unset APT_CONFIG # of a call before
	apt_dir=$1 apt_type=$2
	shift 2
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/archives/partial" || return 1
	if ! command -v apt-get >/dev/null; then
		echo "this system has no apt-get" >"$apt_dir/log"
		return 1
	fi
	# shellcheck disable=SC2016 # apt's variables
	apt_uris=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages')
	apt_codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	apt_main=$(echo "$apt_uris" | awk -v c="$apt_codename" '$1 == c { print $2; exit }')
	apt_security=$(echo "$apt_uris" | awk '$1 ~ /-security$/ { print $2; exit }')
	if [ -z "$apt_main" ]; then
		echo "no Debian mirror among apt's sources" >"$apt_dir/log"
		return 1
	fi
	for apt_suite in "$@"; do
		apt_uri=$apt_main
		case $apt_suite in
		*-security) apt_uri=${apt_security:-${apt_main%/}-security} ;;
		esac
		echo "$apt_type [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
			"$apt_uri $apt_suite main"
	done >"$apt_dir/sources.list"
	: >"$apt_dir/status"
	# Backports are as good as any: the highest version wins.
	printf 'Package: *\nPin: release *\nPin-Priority: 500\n' >"$apt_dir/preferences"
	cat >"$apt_dir/apt.conf" <<-EOF
		APT::Architecture "${apt_arch:-amd64}";
		APT::Architectures { "${apt_arch:-amd64}"; };
		APT::Sandbox::User "root";
		APT::Update::Post-Invoke-Success "";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Dir::Etc::sourcelist "$apt_dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "$apt_dir/preferences";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State "$apt_dir";
		Dir::State::status "$apt_dir/status";
		Dir::Cache "$apt_dir";
	EOF
	export APT_CONFIG="$apt_dir/apt.conf"
	apt-get update -qq >"$apt_dir/log" 2>&1 || true
}
