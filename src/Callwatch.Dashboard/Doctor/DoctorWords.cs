namespace Callwatch.Dashboard.Doctor;

/// <summary>What the checks are about, for people.</summary>
internal static class DoctorWords
{
    public static string Check(string check) => check switch
    {
        "ready" => "Receiving and storing",
        "folder" => "Data folder",
        "rights" => "Rights in the data folder",
        "control" => "Control data",
        "disk" => "Disk",
        "clock" => "Clock of this machine",
        "places" => "Places of the readers",
        "journal" => "Journal",
        "catalog" => "Store's table of contents",
        "databases" => "Databases",
        "full_text" => "Full text",
        "set_aside" => "Files set aside",
        "destinations" => "Destinations",
        "backlog" => "Backlog",
        "keys" => "Keys",
        "settings" => "Settings",
        "secrets" => "Secrets",
        "forms" => "Keys of forms",
        "ports" => "Ports",
        "endpoints" => "Addresses of platforms",
        "senders" => "Silent senders",
        "messages" => "Prompts and answers",
        "prices" => "Prices",
        "conventions" => "Conventions",
        "sender_clocks" => "Clocks of senders",
        _ => check,
    };
}
