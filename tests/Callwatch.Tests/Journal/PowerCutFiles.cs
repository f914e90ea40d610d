using Callwatch.Journal.Writing;

namespace Callwatch.Tests.Journal;

/// <summary>
/// The real disk until the power goes: then every call fails, and <see cref="Cut"/> undoes what had not been synced: writes in parts of 512 bytes, any of which
/// may have reached the disk or not, changes of length, and names from some moment on.
/// </summary>
internal sealed class PowerCutFiles(int callsLeft, bool syncs = true) : IJournalFiles
{
    private readonly Lock gate = new();
    private readonly List<Action<Random>> names = [];
    private readonly List<PowerCutFile> files = [];
    private readonly bool syncs = syncs;
    private int callsLeft = callsLeft;

    public IJournalFile Create(string path, long size)
    {
        lock (gate)
        {
            Use();
            var file = new PowerCutFile(this, DiskFiles.Instance.Create(path, size), path);
            files.Add(file);
            names.Add(_ =>
            {
                File.Delete(path);
                file.Path = null;
            });
            return file;
        }
    }

    public IJournalFile Open(string path)
    {
        lock (gate)
        {
            Use();
            var file = new PowerCutFile(this, DiskFiles.Instance.Open(path), path);
            files.Add(file);
            return file;
        }
    }

    public void Rename(string from, string to)
    {
        lock (gate)
        {
            Use();
            var replaced = File.Exists(to) ? File.ReadAllBytes(to) : null;
            DiskFiles.Instance.Rename(from, to);
            foreach (var file in files.Where(file => file.Path == from)) file.Path = to;
            names.Add(_ =>
            {
                File.Move(to, from);
                foreach (var file in files.Where(file => file.Path == to)) file.Path = from;
                if (replaced is not null) File.WriteAllBytes(to, replaced);
            });
        }
    }

    public void Delete(string path)
    {
        lock (gate)
        {
            Use();
            var bytes = File.ReadAllBytes(path);
            DiskFiles.Instance.Delete(path);
            names.Add(_ => File.WriteAllBytes(path, bytes));
        }
    }

    public void SyncFolder(string folder)
    {
        lock (gate)
        {
            Use();
            if (syncs) names.Clear();
        }
    }

    /// <summary>What the disk holds when the power is back.</summary>
    public void Cut(Random random)
    {
        lock (gate)
        {
            foreach (var file in files) file.Cut(random);
            var kept = random.Next(names.Count + 1);
            for (var i = names.Count - 1; i >= kept; i--) names[i](random);
        }
    }

    private void Use()
    {
        if (--callsLeft < 0) throw new IOException("The power is off", 5);
    }

    private sealed class PowerCutFile(PowerCutFiles owner, IJournalFile file, string path) : IJournalFile
    {
        private readonly List<Action<FileStream, Random>> undo = [];

        public string? Path { get; set; } = path;

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset)
        {
            lock (owner.gate)
            {
                owner.Use();
                var written = parts.SelectMany(part => part.ToArray()).ToArray();
                var before = Read(offset, written.Length);
                undo.Add((stream, random) =>
                {
                    for (var at = 0L; at < written.Length;)
                    {
                        var end = Math.Min(written.Length, ((offset + at) / 512 * 512) + 512 - offset);
                        if (random.Next(2) == 0)
                        {
                            stream.Position = offset + at;
                            stream.Write(before.AsSpan((int)at, (int)(end - at)));
                        }

                        at = end;
                    }
                });
                file.Write(parts, offset);
            }
        }

        public void Sync()
        {
            lock (owner.gate)
            {
                owner.Use();
                if (owner.syncs) undo.Clear();
            }
        }

        public void Truncate(long length)
        {
            lock (owner.gate)
            {
                owner.Use();
                var cut = Read(length, (int)(new FileInfo(Path!).Length - length));
                undo.Add((stream, random) =>
                {
                    if (random.Next(2) == 0 || stream.Length >= length + cut.Length) return;
                    stream.Position = length;
                    stream.Write(cut);
                });
                file.Truncate(length);
            }
        }

        public void Reserve(long length)
        {
            lock (owner.gate)
            {
                owner.Use();
                var before = new FileInfo(Path!).Length;
                undo.Add((stream, random) =>
                {
                    if (random.Next(2) == 0 && stream.Length == length) stream.SetLength(Math.Min(before, length));
                });
                file.Reserve(length);
            }
        }

        public void Cut(Random random)
        {
            if (Path is null || undo.Count == 0) return;
            using var stream = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            for (var i = undo.Count - 1; i >= 0; i--) undo[i](stream, random);
        }

        public void Dispose() => file.Dispose();

        private byte[] Read(long offset, int length)
        {
            var bytes = new byte[length];
            using var handle = File.OpenHandle(Path!, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var read = 0;
            while (read < length && RandomAccess.Read(handle, bytes.AsSpan(read), offset + read) is var part and > 0) read += part;
            return bytes;
        }
    }
}
