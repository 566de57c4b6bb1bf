/* SPDX-License-Identifier: MIT */
/*
 * nodbus.c - stands in for libpcap's D-Bus capture device in static binaries.
 *
 * Debian's libpcap.a refers to libdbus, which refers to libsystemd, which has no static library.
 * We open no device through libpcap. With these two names defined the linker leaves its D-Bus
 * part out. Takes and gives what libpcap's own do: no device found, none is ours.
 */
int dbus_findalldevs(void *devices, char *err_text);
void *dbus_create(const char *device, char *err_text, int *is_ours);

int dbus_findalldevs(void *devices, char *err_text)
{
	(void)devices;
	(void)err_text;
	return 0;
}

void *dbus_create(const char *device, char *err_text, int *is_ours)
{
	(void)device;
	(void)err_text;
	*is_ours = 0;
	return (void *)0;
}
