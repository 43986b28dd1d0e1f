# The SDK builds the NativeAOT binary; the final image has a C library and little else.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN apt-get update && apt-get install --yes --no-install-recommends clang zlib1g-dev
WORKDIR /source
COPY . .
RUN dotnet publish src/PersistFs.Cli --configuration Release --output /out

# The distribution is that of the build stage: the binary needs the glibc that it was linked with, or a newer one.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0
USER root
COPY --from=build /out/persistfs /usr/bin/persistfs
RUN ln -s /usr/bin/persistfs /sbin/mount.fuse.persistfs && mkdir -p /mnt/pkram
STOPSIGNAL SIGTERM
ENTRYPOINT ["persistfs"]
CMD ["serve", "/mnt/pkram"]
