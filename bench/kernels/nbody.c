// Floating point with square roots: five bodies, n steps (symplectic Euler).
#include "kernel.h"

#define BODIES 5

typedef struct {
	double x, y, z, vx, vy, vz, mass;
} body;

static body start[BODIES] = {
	{0, 0, 0, 0, 0, 0, 39.47841760435743},
	{4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.606326392995832, 2.81198684491626, -0.02521836165988763, 0.03769367487038949},
	{8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -1.01077434617879, 1.82566237123041, 0.008415761376584154, 0.011286326131968767},
	{12.8943695621391310, -15.1111514016986312, -0.223307578892655734, 1.08279100644154, 0.868713018169608, -0.010832637401363636, 0.0017237240570597112},
	{15.3796971148509165, -25.9193146099879641, 0.179258772950371181, 0.979090732243898, 0.594698998647676, -0.034755955550407809, 0.0020336868699246304}};

static body sky[BODIES];

static void step(double dt) {
	for (u32 i = 0; i < BODIES; i++)
		for (u32 j = i + 1; j < BODIES; j++) {
			double dx = sky[i].x - sky[j].x, dy = sky[i].y - sky[j].y, dz = sky[i].z - sky[j].z;
			double d2 = dx * dx + dy * dy + dz * dz;
			double mag = dt / (d2 * __builtin_sqrt(d2));
			sky[i].vx -= dx * sky[j].mass * mag;
			sky[i].vy -= dy * sky[j].mass * mag;
			sky[i].vz -= dz * sky[j].mass * mag;
			sky[j].vx += dx * sky[i].mass * mag;
			sky[j].vy += dy * sky[i].mass * mag;
			sky[j].vz += dz * sky[i].mass * mag;
		}
	for (u32 i = 0; i < BODIES; i++) {
		sky[i].x += dt * sky[i].vx;
		sky[i].y += dt * sky[i].vy;
		sky[i].z += dt * sky[i].vz;
	}
}

u64 run(u32 n) {
	for (u32 i = 0; i < BODIES; i++) sky[i] = start[i];
	for (u32 i = 0; i < n; i++) step(0.01);
	u64 h = SEED;
	for (u32 i = 0; i < BODIES; i++) h = mix(mix(mix(h, bits(sky[i].x)), bits(sky[i].y)), bits(sky[i].z));
	return h;
}
