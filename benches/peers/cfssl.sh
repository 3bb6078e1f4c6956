#!/usr/bin/env bash
# The certificates of a cluster with cfssl: cfssl.sh DIRECTORY ANSIBLE_VAULT
# cfssl knows no name constraints.
set -euo pipefail
# shellcheck source=benches/peers/common.sh
. "$(dirname "$0")/common.sh"

cat >config.json <<'END'
{ "signing": { "profiles": {
  "intermediate": { "expiry": "87600h", "usages": ["cert sign", "crl sign"],
    "ca_constraint": { "is_ca": true, "max_path_len": 2 } },
  "etcd": { "expiry": "43800h", "usages": ["cert sign", "crl sign"],
    "ca_constraint": { "is_ca": true, "max_path_len": 1 } },
  "member": { "expiry": "8760h", "usages": ["signing", "server auth", "client auth"] },
  "client": { "expiry": "8760h", "usages": ["signing", "client auth"] }
} } }
END

# certificate NAME BITS PROFILE SUBJECT ISSUER [NAMES]
certificate() {
    cfssl gencert -loglevel=5 -config config.json -profile "$3" -ca "$5.pem" -ca-key "$5-key.pem" \
        ${6:+-hostname "$6"} - <<<"{\"CN\":\"$4\",\"key\":{\"algo\":\"ecdsa\",\"size\":$2}}" |
        cfssljson -bare "$1"
    mv "$1-key.pem" "$1.key"
    mv "$1.pem" "$1.crt"
}

# cfssl wants its own names for the authorities' files while it signs with them.
authority() {
    certificate "$@"
    ln "$1.key" "$1-key.pem"
    ln "$1.crt" "$1.pem"
}

cfssl gencert -loglevel=5 -initca - <<'END' | cfssljson -bare root
{ "CN": "etcd root CA", "key": { "algo": "ecdsa", "size": 384 },
  "ca": { "expiry": "175200h", "pathlen": 3 } }
END
ln root.pem root.crt
authority intermediate 384 intermediate 'etcd intermediate CA' root
authority etcd 384 etcd 'etcd CA' intermediate
while read -r name address; do
    own="$name.$domain,$address"
    certificate "$name-server" 256 member "$name.$domain" etcd "$own,localhost,127.0.0.1,::1"
    certificate "$name-peer" 256 member etcd-peer etcd "$own"
done <<<"$nodes"
for name in $clients; do
    certificate "$name" 256 client "$name" etcd
done
write_documents
