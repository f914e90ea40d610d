using System.Globalization;
using System.Text;

namespace Callwatch;

/// <summary>
/// The data folder, held by this process alone for as long as this object lives. Opened before any stage touches a file in it,
/// disposed after all of them.
/// </summary>
public sealed class DataFolder : IDisposable
{
    /// <summary>Grows when an older program could no longer read the folder as a whole; each part has its own format besides.</summary>
    public const int Format = 1;

    private const string LockFile = "callwatch.lock";
    private const string FormatFile = "format";

    /// <summary>There while a restore fills the folder: until it has ended nothing in it can be relied upon.</summary>
    internal const string RestoringFile = "restoring";

    // An exclusive open is an advisory lock of the system: it goes with the process, however that ends.
    private readonly FileStream held;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        this.held = held;
    }

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>Makes the folder if it is missing and takes it.</summary>
    /// <exception cref="StartRefusedException">It cannot be written, is taken, or is of a newer program.</exception>
    public static DataFolder Open(string folder)
    {
        var path = System.IO.Path.GetFullPath(folder);
        try
        {
            Folders.MakePrivate(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(new StartRefusal.DataUnwritable(path, e.GetType() == typeof(IOException) ? "a file of that name is in the way, or the disk refuses it" : "no permission"));
        }

        var taken = Lock(path);
        try
        {
            if (File.Exists(System.IO.Path.Combine(path, RestoringFile))) throw new StartRefusedException(new StartRefusal.DataHalfRestored(path));
            CheckFormat(path);
            return new DataFolder(path, taken);
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>Takes a folder that is to be filled, without looking at what is in it.</summary>
    /// <exception cref="StartRefusedException">It cannot be written, or is taken.</exception>
    internal static IDisposable Take(string folder) => Lock(System.IO.Path.GetFullPath(folder));

    /// <summary>The file that a process holds as long as it uses a folder.</summary>
    internal static string LockIn(string folder) => System.IO.Path.Combine(folder, LockFile);

    public void Dispose() => held.Dispose();

    private static FileStream Lock(string path)
    {
        var file = System.IO.Path.Combine(path, LockFile);
        try
        {
            var taken = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            taken.SetLength(0);
            taken.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            taken.Flush();
            return taken;
        }
        catch (UnauthorizedAccessException)
        {
            throw new StartRefusedException(new StartRefusal.DataUnwritable(path, "no permission"));
        }
        catch (IOException e)
        {
            // The lock of another process shows as a plain IOException; all other trouble (read-only, full) has its own number.
            throw new StartRefusedException(IsTaken(e) ? new StartRefusal.DataLocked(path) : new StartRefusal.DataUnwritable(path, Words(e)));
        }
    }

    private static void CheckFormat(string path)
    {
        var file = System.IO.Path.Combine(path, FormatFile);
        try
        {
            // Empty it is left by a power cut during the first start of an older program: nothing was in the folder then.
            var text = File.Exists(file) ? File.ReadAllText(file).Trim('\0', '\n', ' ') : "";
            if (text.Length == 0)
            {
                Folders.WriteWhole(file, Encoding.ASCII.GetBytes(Format.ToString(CultureInfo.InvariantCulture) + "\n"));
                return;
            }

            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var format))
                throw new StartRefusedException(new StartRefusal.DataUnreadable(path, "The file format", "it holds no number"));
            if (format > Format) throw new StartRefusedException(new StartRefusal.DataNewer(path, "the folder", format, Format));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(new StartRefusal.DataUnwritable(path, Words(e)));
        }
    }

    // EWOULDBLOCK of flock on Linux and macOS (11, 35), sharing and lock violation on Windows.
    private static bool IsTaken(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);

    private static string Words(Exception e) => e.Message.ReplaceLineEndings(" ").TrimEnd('.');
}
