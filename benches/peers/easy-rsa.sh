#!/usr/bin/env bash
# The certificates of a cluster with easy-rsa 3: easy-rsa.sh DIRECTORY ANSIBLE_VAULT
# easy-rsa marks no extension critical but the one added here.
set -euo pipefail
# shellcheck source=benches/peers/common.sh
. "$(dirname "$0")/common.sh"

easyrsa=/usr/share/easy-rsa/easyrsa
export EASYRSA_BATCH=1 EASYRSA_SILENT=1 EASYRSA_ALGO=ec

# In the directory of one authority: in_pki AUTHORITY COMMAND...
in_pki() {
    EASYRSA_PKI="$PWD/$1" "$easyrsa" "${@:2}" >/dev/null 2>&1
}

# An authority under another: authority NAME SUBJECT ISSUER PATHLEN DAYS
authority() {
    EASYRSA_CURVE=secp384r1 EASYRSA_REQ_CN=$2 in_pki "$1" init-pki
    EASYRSA_CURVE=secp384r1 EASYRSA_REQ_CN=$2 in_pki "$1" build-ca nopass subca
    in_pki "$3" import-req "$1/reqs/ca.req" "$1"
    EASYRSA_CA_EXPIRE=$5 EASYRSA_CERT_EXPIRE=$5 EASYRSA_SUBCA_LEN=$4 in_pki "$3" sign-req ca "$1"
    cp "$3/issued/$1.crt" "$1/ca.crt"
    cp "$1/ca.crt" "$1.crt"
}

# leaf NAME TYPE SUBJECT [NAMES]
leaf() {
    local -x EASYRSA_CURVE=prime256v1 EASYRSA_CERT_EXPIRE=365 EASYRSA_REQ_CN=$3
    in_pki etcd ${4:+--subject-alt-name="$4"} gen-req "$1" nopass
    in_pki etcd ${4:+--subject-alt-name="$4"} sign-req "$2" "$1"
    cp "etcd/issued/$1.crt" "etcd/private/$1.key" .
}

EASYRSA_CURVE=secp384r1 in_pki root init-pki
EASYRSA_CURVE=secp384r1 EASYRSA_CA_EXPIRE=7300 EASYRSA_REQ_CN='etcd root CA' \
    in_pki root build-ca nopass
cp root/ca.crt root.crt
authority intermediate 'etcd intermediate CA' root 2 3650
EASYRSA_EXTRA_EXTS="nameConstraints = critical,$constraints" \
    authority etcd 'etcd CA' intermediate 1 1825
while read -r name address; do
    own="DNS:$name.$domain,IP:$address"
    leaf "$name-server" serverClient "$name.$domain" "$own,DNS:localhost,IP:127.0.0.1,IP:::1"
    leaf "$name-peer" serverClient etcd-peer "$own"
done <<<"$nodes"
for name in $clients; do
    leaf "$name" client "$name"
done
write_documents
