"""The civil registry's list of occupations; a code of an export is the place in this list, from 1.

Source: annex of Permendagri 109/2019 (forms of civil registration), the list that OpenSID ships as well.
"""

from collections.abc import Sequence

_LIST = """
Belum/tidak bekerja|Mengurus rumah tangga|Pelajar/mahasiswa|Pensiunan|Pegawai negeri sipil|Tentara Nasional Indonesia
Kepolisian RI|Perdagangan|Petani/pekebun|Peternak|Nelayan/perikanan|Industri|Konstruksi|Transportasi|Karyawan swasta
Karyawan BUMN|Karyawan BUMD|Karyawan honorer|Buruh harian lepas|Buruh tani/perkebunan|Buruh nelayan/perikanan
Buruh peternakan|Pembantu rumah tangga|Tukang cukur|Tukang listrik|Tukang batu|Tukang kayu|Tukang sol sepatu
Tukang las/pandai besi|Tukang jahit|Tukang gigi|Penata rias|Penata busana|Penata rambut|Mekanik|Seniman|Tabib|Paraji
Perancang busana|Penterjemah|Imam masjid|Pendeta|Pastor|Wartawan|Ustadz/mubaligh|Juru masak|Promotor acara
Anggota DPR-RI|Anggota DPD|Anggota BPK|Presiden|Wakil presiden|Anggota Mahkamah Konstitusi
Anggota kabinet/kementerian|Duta besar|Gubernur|Wakil gubernur|Bupati|Wakil bupati|Wali kota|Wakil wali kota
Anggota DPRD provinsi|Anggota DPRD kabupaten/kota|Dosen|Guru|Pilot|Pengacara|Notaris|Arsitek|Akuntan|Konsultan|Dokter
Bidan|Perawat|Apoteker|Psikiater/psikolog|Penyiar televisi|Penyiar radio|Pelaut|Peneliti|Sopir|Pialang|Paranormal
Pedagang|Perangkat desa|Kepala desa|Biarawati|Wiraswasta|Lainnya
"""

OCCUPATIONS: Sequence[str] = tuple(_LIST.strip().replace("\n", "|").split("|"))
