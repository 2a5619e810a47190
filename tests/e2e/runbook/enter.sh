# Makes a copy of this machine that costs nothing (an overlay in memory, in name spaces of its own) and goes on in it.
# $1: an empty directory; $2: the source; $3: the script to run in the copy
set -euo pipefail
copy=$1/copy
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$copy"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$copy"
mount -t proc proc "$copy/proc"
mount --rbind /dev "$copy/dev"
case "$2" in
  /tmp/*) ;; # the project itself lies there
  *) mount -t tmpfs -o mode=1777 tmpfs "$copy/tmp" ;;
esac
mount -t tmpfs -o mode=755 tmpfs "$copy/run"
ip link set lo up

# What the administrator finds: the source in its place, a certificate of the pages, names that resolve.
rm -rf "$copy/opt/simpul"
if [ -e "$copy$2/pyproject.toml" ]; then
  ln -s "$2" "$copy/opt/simpul"
else
  mkdir "$copy/opt/simpul" && mount --bind "$2" "$copy/opt/simpul"
fi
for path in "$2" "$(readlink -f "$2/.venv/bin/python")"; do
  while path=$(dirname "$path") && [ "$path" != / ]; do chmod a+rx "$copy$path"; done
done
install -d "$copy/etc/ssl/simpul" "$copy/run/postgresql" "$copy/run/runbook"
chown postgres:postgres "$copy/run/postgresql"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=hub.sragenkab.example \
  -addext subjectAltName=DNS:hub.sragenkab.example \
  -keyout "$copy/etc/ssl/simpul/hub.key" -out "$copy/etc/ssl/simpul/hub.crt" 2> /dev/null
echo "127.0.0.1 localhost hub.sragenkab.example broker.sragenkab.example" > "$copy/etc/hosts"

# What is not for a copy to do: packages are there, and so is the environment; systemd cannot run here.
printf '#!/bin/sh\nshift 2\nexec dpkg --status "$@" > /dev/null\n' > "$copy/usr/local/sbin/apt-get"
printf '#!/bin/sh\nexec test -x /opt/simpul/.venv/bin/simpul-hub\n' > "$copy/usr/local/sbin/make"
printf '#!/bin/sh\nexec /opt/simpul/.venv/bin/python /opt/simpul/tests/e2e/runbook/systemctl.py "$@"\n' \
  > "$copy/usr/local/sbin/systemctl"
chmod 755 "$copy"/usr/local/sbin/{apt-get,make,systemctl}
cp "$3" "$copy/run/runbook/script"
exec chroot "$copy" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
  LANG=C.UTF-8 bash -euo pipefail /run/runbook/script
