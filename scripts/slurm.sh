# Sourced by scripts that test c47 on a farm: a Slurm cluster of one node with two processors, without
# systemd, as root. Everything is in a directory of its own, and all ports are free ones. The sourcing
# script has sourced scripts/services.sh and called `begin`: `free_port`, `started` and `work` come from
# there.

# install_slurm: from the distribution, as root. Fails when it is not installed.
install_slurm() {
    have_slurm || apt_install "$log.install" slurm-wlm munge || true
    have_slurm
}

have_slurm() {
    local program
    for program in munged slurmctld slurmd sbatch; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null 2>&1 || return 1
    done
}

# start_slurm: starts munge, the controller and the node, and exports SLURM_CONF. Fails if the node does
# not become idle. The sourcing script calls stop_slurm in its trap.
start_slurm() {
    local directory=$work/slurm node
    PATH=$PATH:/usr/sbin:/sbin
    # The path of a socket has at most 107 bytes.
    sockets=$(mktemp -d /tmp/c47-slurm.XXXXXX)
    mkdir -p "$directory/state" "$directory/spool"
    (umask 077 && head -c 1024 /dev/urandom >"$sockets/munge.key" && chmod 400 "$sockets/munge.key")
    chmod 755 "$sockets"
    munged --force --foreground --key-file="$sockets/munge.key" --socket="$sockets/munge" \
        --pid-file="$sockets/munged.pid" --log-file="$sockets/munged.log" --seed-file="$sockets/munged.seed" \
        >>"$log.slurm" 2>&1 &
    munged=$!
    # Slurm takes the name without the domain.
    node=$(hostname -s)
    export SLURM_CONF=$directory/slurm.conf
    cat >"$SLURM_CONF" <<CONF
ClusterName=c47
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$sockets/munge
CredType=cred/munge
StateSaveLocation=$directory/state
SlurmdSpoolDir=$directory/spool
SlurmctldPidFile=$directory/slurmctld.pid
SlurmdPidFile=$directory/slurmd.pid
SlurmctldLogFile=$directory/slurmctld.log
SlurmdLogFile=$directory/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
PlugStackConfig=$directory/plugstack.conf
# The scheduler looks for work without delay.
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
KillWait=1
NodeName=$node NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=farm Nodes=$node Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
    : >"$directory/plugstack.conf"
    for _ in $(seq 100); do [ -S "$sockets/munge" ] && break; sleep 0.1; done
    slurmctld -D -i >>"$log.slurm" 2>&1 &
    slurm_pids=($!)
    slurmd -D -N "$node" >>"$log.slurm" 2>&1 &
    slurm_pids+=($!)
    for _ in $(seq 200); do
        [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && return 0
        sleep 0.1
    done
    return 1
}

# stop_slurm: ends all jobs and the daemons, and waits until they have ended, so that no process outlives
# the test.
stop_slurm() {
    [ -n "${sockets:-}" ] || return 0
    scancel --full --signal=KILL --user=root >/dev/null 2>&1
    scancel --user=root >/dev/null 2>&1
    for _ in $(seq 50); do [ -z "$(squeue -h 2>/dev/null)" ] && break; sleep 0.1; done
    # munged last: the others talk through it.
    local pid
    for pid in "${slurm_pids[@]}" "$munged"; do
        kill "$pid" 2>/dev/null
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -rf "$sockets"
    sockets=
}

# await_jobs ID...: waits until these jobs have left the queue.
await_jobs() {
    local id
    for _ in $(seq 600); do
        for id in "$@"; do
            [ -z "$(squeue -h -r -j "$id" 2>/dev/null)" ] || { sleep 0.1; continue 2; }
        done
        return 0
    done
    return 1
}
