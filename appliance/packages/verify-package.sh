#!/bin/sh
# 核对信息包: verifies a package with openssl 3 and the usual commands alone. Run in the folder of the package or give it:
#   sh verify-package.sh [FOLDER] [ROOT.pem]
# ROOT.pem: the root certificate of the sending box, received by another way; without it the root inside the package is used, and its
# fingerprint is printed to be compared.
set -u
LC_ALL=C
export LC_ALL
dir=${1:-.}
root=${2:-}
[ -z "$root" ] || [ -r "$root" ] || { echo "cannot read $root" >&2; exit 2; }
case $root in ''|/*) ;; *) root=$(pwd)/$root ;; esac
cd "$dir" || exit 2
list=校验/manifest-sm3.txt
sig=校验/manifest.sig
pem=校验/box.pem
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT INT TERM
bad=0
say() { printf '%s\n' "$*"; }
fail() { say "不符: $*"; bad=1; }

for one in "$list" "$sig" "$pem"; do [ -f "$one" ] || { say "缺少: $one"; exit 1; }; done

# Certificates: the first is the box's, the second its root.
awk -v out="$work" '/-----BEGIN CERTIFICATE-----/ { n++ } n { print > (out "/c" n ".pem") }' "$pem"
[ -f "$work/c1.pem" ] && [ -f "$work/c2.pem" ] || { say "不符: $pem"; exit 1; }
[ -n "$root" ] || root=$work/c2.pem
openssl x509 -in "$work/c1.pem" -pubkey -noout > "$work/key.pem" 2>/dev/null || fail "$pem"
openssl verify -no_check_time -vfyopt distid:1234567812345678 -CAfile "$root" "$work/c1.pem" >/dev/null 2>&1 || fail "$pem 不是该根证书签发"
say "根证书指纹 SM3: $(openssl x509 -in "$root" -outform DER 2>/dev/null | openssl dgst -sm3 | sed 's/.*= *//')"

openssl dgst -sm3 -verify "$work/key.pem" -sigopt distid:1234567812345678 -signature "$sig" "$list" >/dev/null 2>&1 || fail "清单签名（$list）"

# Every line: 64 digits, two blanks, a path that stays inside.
grep -Evq '^[0-9a-f]{64}  [^/]' "$list" && fail "清单写法"
grep -Eq '^[0-9a-f]{64}  (.*/)?\.\.?(/|$)' "$list" && fail "清单含上级目录"
while IFS= read -r line; do
  path=${line#????????????????????????????????????????????????????????????????  }
  want=${line%"  $path"}
  if [ -L "$path" ] || [ ! -f "$path" ]; then fail "缺少 $path"; continue; fi
  have=$(openssl dgst -sm3 -r < "$path" | cut -c1-64)
  [ "$have" = "$want" ] || fail "$path"
done < "$list"

cut -c67- "$list" | { cat; printf '%s\n%s\n' "$list" "$sig"; } | sort > "$work/listed"
find . ! -type d | sed 's|^\./||' | sort > "$work/there"
comm -13 "$work/listed" "$work/there" > "$work/more"
while IFS= read -r path; do fail "清单之外 $path"; done < "$work/more"

[ "$bad" -eq 0 ] && say "全部相符: $(wc -l < "$list" | tr -d ' ') 个文件" || say "有不符之处，请停止使用"
exit "$bad"
