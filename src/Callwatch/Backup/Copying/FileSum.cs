using System.Security.Cryptography;

namespace Callwatch.Backup.Copying;

/// <summary>SHA-256 of a stream, in pieces, so that it can be given up.</summary>
internal static class FileSum
{
    public static byte[] Of(Stream stream, byte[] buffer, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var read = stream.Read(buffer, 0, buffer.Length);
            if (read == 0) return hash.GetHashAndReset();
            hash.AppendData(buffer, 0, read);
        }
    }
}
