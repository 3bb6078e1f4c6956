# What the peers' scripts share: the cluster, and the documents that all of them end with.
# Sourced as: . common.sh DIRECTORY ANSIBLE_VAULT
# shellcheck shell=bash disable=SC2034

directory=$1
ansible_vault=$2

domain=your-internal.domain
nodes='etcd-0 10.0.0.10
etcd-1 10.0.0.11
etcd-2 10.0.0.12'
clients='kube-apiserver etcdctl'
constraints='permitted;DNS:your-internal.domain,permitted;DNS:localhost,permitted;IP:10.0.0.0/255.255.255.0,permitted;IP:127.0.0.0/255.0.0.0,permitted;IP:0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'

mkdir -p "$directory/pki"
cd "$directory/pki" || exit
umask 077

# One value of a map, from the PEM blocks of files: entry INDENTATION NAME FILE...
entry() {
    local pad line inside file
    printf -v pad '%*s' "$1" ''
    printf '%s%s: |\n' "$pad" "$2"
    for file in "${@:3}"; do
        inside=
        while IFS= read -r line; do
            case $line in -----BEGIN*) inside=yes ;; esac
            if [ -n "$inside" ]; then printf '%s  %s\n' "$pad" "$line"; fi
            case $line in -----END*) inside= ;; esac
        done <"$file"
    done
}

# A certificate with its chain, and its key: pair INDENTATION MAP NAME
pair() {
    printf '%*s%s:\n' "$1" '' "$2"
    entry "$(($1 + 2))" crt "$3.crt" etcd.crt intermediate.crt
    entry "$(($1 + 2))" key "$3.key"
}

# The article's three maps from NAME.crt and NAME.key, encrypted by one ansible-vault.
write_documents() {
    local role name
    for role in common etcd-server etcd-client; do
        mkdir -p "../roles/$role/vars"
        {
            printf 'vault:\n  certificates:\n    ca:\n'
            entry 6 crt etcd.crt intermediate.crt root.crt
            case $role in
                common) ;;
                etcd-server)
                    printf '    nodes:\n'
                    while read -r name _; do
                        printf '      %s:\n' "$name"
                        pair 8 server "$name-server"
                        pair 8 peer "$name-peer"
                    done <<<"$nodes"
                    ;;
                etcd-client)
                    printf '    clients:\n'
                    for name in $clients; do pair 6 "$name" "$name"; done
                    ;;
            esac
        } >"../roles/$role/vars/certificates.vault.yml"
    done
    head -c 24 /dev/urandom | base64 >../vault-password.txt
    "$ansible_vault" encrypt --vault-password-file ../vault-password.txt \
        ../roles/{common,etcd-server,etcd-client}/vars/certificates.vault.yml 2>/dev/null
}
