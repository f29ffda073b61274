# Filters a bundle's config.json (create, run) or a process.json (exec) so that it asks for
# nothing that needs CAP_SYS_RESOURCE.
# $limits: /proc/self/limits; $oom: our own oom_score_adj; $nodevices: drop the device filter
def hard_limits:
	{ "open files": "NOFILE", "processes": "NPROC", "locked memory": "MEMLOCK",
	  "core file size": "CORE", "stack size": "STACK", "pending signals": "SIGPENDING",
	  "msgqueue size": "MSGQUEUE", "nice priority": "NICE", "realtime priority": "RTPRIO" } as $names
	| reduce ($limits | split("\n")[] | capture("^Max (?<name>.*?) {2,}\\S+ +(?<hard>[0-9]+)")) as $l
	  ({}; if $names[$l.name] then .["RLIMIT_" + $names[$l.name]] = ($l.hard | tonumber) else . end);

def fix:
	hard_limits as $max
	| (if .capabilities then .capabilities |= map_values(. - ["CAP_SYS_RESOURCE"]) else . end)
	| (if .rlimits then .rlimits |= map($max[.type] as $m
	      | if $m then .hard = ([.hard, $m] | min) | .soft = ([.soft, $m] | min) else . end) else . end)
	| (if (.oomScoreAdj // $oom) < $oom then .oomScoreAdj = $oom else . end);

if .process then .process |= fix else fix end
| if $nodevices then del(.linux.resources.devices) else . end
