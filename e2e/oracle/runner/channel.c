/* The memory shared with the host: finding it, reading the request, writing records. */
#include "runner.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct channel_header *channel;
static uint8_t *ring;

static unsigned read_hex(const char *device, const char *name)
{
	char path[512], text[32] = "";
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device, name);
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return strtoul(text, NULL, 16);
}

static void *map_device(const char *device)
{
	char path[512];
	struct stat st;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", device);
	int fd = open(path, O_WRONLY);
	if (fd >= 0) {
		if (write(fd, "1", 1) != 1)
			perror("enable");
		close(fd);
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource2", device);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return NULL;
	void *memory = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

int channel_open(void)
{
	DIR *dir = opendir("/sys/bus/pci/devices");
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || read_hex(entry->d_name, "vendor") != 0x1af4 || read_hex(entry->d_name, "device") != 0x1110)
			continue;
		channel = map_device(entry->d_name);
		break;
	}
	if (dir)
		closedir(dir);
	if (!channel || channel->magic != CHANNEL_MAGIC)
		return -1;
	ring = (uint8_t *)channel + channel->ring_offset;
	return 0;
}

const uint8_t *channel_input(size_t *length)
{
	*length = channel->input_length;
	return (const uint8_t *)channel + channel->input_offset;
}

static uint64_t put(uint64_t at, const void *data, size_t length)
{
	uint64_t size = channel->ring_length, start = at % size;
	size_t first = length < size - start ? length : size - start;
	memcpy(ring + start, data, first);
	memcpy(ring, (const uint8_t *)data + first, length - first);
	return at + length;
}

/* One record: u32 type, u32 length, payload, padding to 4. It counts only once it is there as a whole. */
void emit2(uint32_t type, const void *head, size_t head_length, const void *data, size_t length)
{
	uint32_t start[2] = { type, head_length + length };
	size_t padding = -start[1] & 3;
	uint64_t at = channel->head;
	while (at + sizeof(start) + start[1] + padding - channel->tail > channel->ring_length)
		usleep(2000);
	at = put(at, start, sizeof(start));
	at = put(at, head, head_length);
	at = put(at, data, length);
	__sync_synchronize();
	channel->head = at + padding;
}

void emit(uint32_t type, const void *data, size_t length)
{
	emit2(type, data, length, NULL, 0);
}

/* Long text goes in pieces, so that it never waits for more room than the ring has. */
void emit_text(uint32_t type, const void *text, size_t length)
{
	for (size_t done = 0; done < length; done += 1 << 20)
		emit(type, (const char *)text + done, length - done < 1 << 20 ? length - done : 1 << 20);
}

uint32_t take_u32(struct input *in)
{
	uint32_t value = 0;
	if (in->end - in->at < 4) {
		in->bad = true;
		return 0;
	}
	memcpy(&value, in->at, 4);
	in->at += 4;
	return value;
}

const uint8_t *take_bytes(struct input *in, uint32_t *length)
{
	*length = take_u32(in);
	uint64_t padded = ((uint64_t)*length + 3) & ~3ull;
	if ((uint64_t)(in->end - in->at) < padded) {
		in->bad = true;
		*length = 0;
		return in->at;
	}
	const uint8_t *bytes = in->at;
	in->at += padded;
	return bytes;
}

const char *take_string(struct input *in)
{
	uint32_t length;
	const uint8_t *bytes = take_bytes(in, &length);
	return length && !bytes[length - 1] ? (const char *)bytes : "";
}
